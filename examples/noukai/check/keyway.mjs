// Keyway, as the product's own backend sees it: it makes organizations, projects and keys.
import assert from 'node:assert/strict';

const { KEYWAY_URL, KEYWAY_TOKEN } = process.env;

export async function call(method, path, body) {
  const answer = await fetch(KEYWAY_URL + path, {
    method,
    headers: { authorization: `Bearer ${KEYWAY_TOKEN}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

export async function made(path, body) {
  const answer = await call('POST', path, body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

export async function organization(externalId, projects) {
  const { id } = await made('/v1/organizations', { name: externalId, external_id: externalId });
  for (const project of projects) await made('/v1/projects', { organization: id, id: project, name: project });
  return id;
}

export async function key(organization, project, fields = {}) {
  return made('/v1/keys', { organization, project, name: 'Production Server', ...fields });
}

export async function revoke(id) {
  assert.equal((await call('POST', `/v1/keys/${id}/revoke`)).status, 200);
}
