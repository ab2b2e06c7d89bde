// Keyway and the product, as the checks talk to them.
import assert from 'node:assert/strict';
import { once } from 'node:events';

import { io } from 'socket.io-client';

const { KEYWAY_URL, KEYWAY_TOKEN, PRODUCT_URL, BACKOFFICE_TOKEN } = process.env;
const ALL = ['read', 'execute', 'write'];

async function call(base, method, path, token, body) {
  const answer = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text && JSON.parse(text);
}

export const keyway = (method, path, body) => call(KEYWAY_URL, method, path, KEYWAY_TOKEN, body);

/** An account with the workflow wf1. */
export async function account(name) {
  const { id } = await keyway('POST', '/v1/organizations', { name });
  await keyway('POST', '/v1/projects', { organization: id, id: 'default', name: 'Default' });
  await call(PRODUCT_URL, 'PUT', `/backoffice/${id}/workflows/wf1`, BACKOFFICE_TOKEN, { name: 'One' });
  return id;
}

/** A key of an account, for all of its workflows. */
export function key(organization, permissions = ALL) {
  const grants = [{ permissions, resource: '*' }];
  return keyway('POST', '/v1/keys', { organization, name: 'TypeScript', grants });
}

export function connect(t, apiKey) {
  const socket = io(PRODUCT_URL, { auth: { api_key: apiKey }, transports: ['websocket'], forceNew: true });
  t.after(() => socket.close());
  return socket;
}

export async function connected(t, apiKey) {
  const socket = connect(t, apiKey);
  await once(socket, 'connect');
  return socket;
}

export async function ask(socket, event, payload) {
  const answered = once(socket, 'response');
  socket.emit(event, { request_id: 'ts-1', ...payload });
  return (await answered)[0];
}
