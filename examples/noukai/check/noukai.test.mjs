// @noukai/sdk, unmodified, against the example. Titles begin with what they prove.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import {
  AuthenticationError, FlowNotFoundError, Noukai, PermissionDeniedError,
} from '@noukai/sdk';

import { call, key, organization, revoke } from './keyway.mjs';

const API = 'http://localhost:8080/api/v1';
const PROJECT_KEYS_MAX = 10;
// A streamed call keeps its timer, and so this process, for as long.
const TIMEOUT_MS = 5_000;

let acme;
let alpha;

before(async () => {
  acme = await organization('acme', ['alpha', 'beta', 'crowded']);
  await organization('globex', ['alpha']);
  alpha = await key(acme, 'alpha');
});

const flow = (secret, name) => new Noukai({ apiKey: secret, timeout: TIMEOUT_MS }).flow(name);
const run = (secret, name) => flow(secret, name).execute({ message: 'hi' });

const refusal = (type, statusCode, code) => (error) => {
  assert.ok(error instanceof type, `${error}`);
  assert.deepEqual([error.statusCode, error.code], [statusCode, code]);
  return true;
};

test('NK-22 a key runs a flow of its project', async () => {
  const result = await run(alpha.secret, 'acme/alpha/hello');
  assert.deepEqual(result.result, { text: 'hello, hi' });
});

test('NK-2 a key runs a flow in the background and reads its result', async () => {
  const job = await flow(alpha.secret, 'acme/alpha/hello').executeAsync({ message: 'hi' });
  const status = await job.poll();
  assert.deepEqual([status.status, status.result], ['completed', { text: 'hello, hi' }]);
});

test('NK-2 a key streams the steps of a flow', async () => {
  const names = [];
  for await (const step of flow(alpha.secret, 'acme/alpha/hello').steps({ message: 'hi' })) names.push(step.name);
  assert.deepEqual(names, ['hello']);
});

test('NK-7 NK-8 NK-9 NK-10 NK-11 a key is nk, environment, id and secret', async () => {
  const { secret, key: made } = await key(acme, 'alpha', { environment: 'test' });
  const [nk, environment, id, rest] = secret.split('_');
  assert.deepEqual([nk, environment, id], ['nk', 'test', made.id]);
  assert.match(rest, /^[0-9A-Za-z]{32}$/);
  for (const path of [`/v1/keys/${id}`, `/v1/keys?q=${id}`, `/v1/audit?target=${id}`]) {
    const later = await call('GET', path);
    assert.equal(later.status, 200, path);
    assert.ok(!JSON.stringify(later.body).includes(rest), path);
  }
});

test('NK-21 the key goes into the Authorization header, and nowhere else', async () => {
  const elsewhere = await fetch(`${API}/seq/acme/alpha/hello/execute`, {
    method: 'POST', headers: { 'x-api-key': alpha.secret }, body: '{}',
  });
  assert.equal(elsewhere.status, 401);
  assert.equal((await elsewhere.json()).detail.code, 'AUTH_REQUIRED');
});

test('NK-23 a test key runs the same flows', async () => {
  const { secret } = await key(acme, 'alpha', { environment: 'test' });
  assert.deepEqual((await run(secret, 'acme/alpha/hello')).result, { text: 'hello, hi' });
});

test('NK-34 NK-35 NK-37 a flow of another project or organization is forbidden, also one that is not there', async () => {
  for (const name of ['acme/beta/hello', 'acme/beta/nothing', 'globex/alpha/hello', 'nobody/alpha/hello']) {
    await assert.rejects(run(alpha.secret, name), refusal(PermissionDeniedError, 403, 'PROJECT_FORBIDDEN'), name);
  }
});

test('NK-37 a job of another project is forbidden, and does not look pending', async () => {
  const beta = await key(acme, 'beta');
  const job = await flow(beta.secret, 'acme/beta/hello').executeAsync({ message: 'hi' });
  const asked = fetch(`${API}/seq/acme/beta/hello/jobs/${job.executionId}`, {
    headers: { authorization: `Bearer ${alpha.secret}` },
  });
  const answer = await asked;
  assert.equal(answer.status, 403);
  assert.equal((await answer.json()).detail.code, 'PROJECT_FORBIDDEN');
});

test('NK-37 a flow that is not in the own project is not found', async () => {
  await assert.rejects(run(alpha.secret, 'acme/alpha/nothing'), refusal(FlowNotFoundError, 404, 'FLOW_NOT_FOUND'));
});

test('NK-38 a session is read by a key of its project only', async () => {
  const id = 'f6ed3a2e-8a52-4a6f-9c77-0d1b3f3f9d10';
  const started = await fetch(`${API}/seq/acme/alpha/hello/execute`, {
    method: 'POST', headers: { authorization: `Bearer ${alpha.secret}`, 'x-session-id': id }, body: '{}',
  });
  assert.equal(started.status, 200);
  const read = (secret) => fetch(`${API}/seq/sessions/${id}`, { headers: { authorization: `Bearer ${secret}` } });
  assert.equal((await read(alpha.secret)).status, 200);
  const beta = await key(acme, 'beta');
  assert.equal((await read(beta.secret)).status, 404);
});

test('NK-12 NK-13 unknown, wrong and malformed keys are one and the same', async () => {
  const [nk, , id, secret] = alpha.secret.split('_');
  const wrong = [
    [nk, 'live', 'AAAAAAAA', secret],
    [nk, 'live', id, secret.toLowerCase() === secret ? secret.toUpperCase() : secret.toLowerCase()],
    [nk, 'test', id, secret],
    [nk, 'live', id, secret.slice(1)],
    [nk, 'live', id, secret, 'more'],
  ].map((parts) => parts.join('_'));
  for (const it of [...wrong, 'nk_', `nk_live_${'0'.repeat(64)}`]) {
    await assert.rejects(run(it, 'acme/alpha/hello'), refusal(AuthenticationError, 401, 'API_KEY_INVALID'), it);
  }
});

test('NK-27 a revoked key is refused at the very next request', async () => {
  const { secret, key: made } = await key(acme, 'alpha');
  await run(secret, 'acme/alpha/hello');
  await revoke(made.id);
  await assert.rejects(run(secret, 'acme/alpha/hello'), refusal(AuthenticationError, 401, 'API_KEY_REVOKED'));
});

test('NK-28 an expired key is refused from the moment on', async () => {
  const expiresAt = new Date(Date.now() + 2_000);
  const { secret } = await key(acme, 'alpha', { expires_at: expiresAt.toISOString() });
  await run(secret, 'acme/alpha/hello');
  await pause(expiresAt - Date.now() + 50);
  await assert.rejects(run(secret, 'acme/alpha/hello'), refusal(AuthenticationError, 401, 'API_KEY_EXPIRED'));
});

test('NK-19 the expiry of a key cannot be changed', async () => {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const answer = await call('PATCH', `/v1/keys/${alpha.key.id}`, { expires_at: expiresAt });
  assert.equal(answer.status, 422, JSON.stringify(answer.body));
  assert.equal((await call('GET', `/v1/keys/${alpha.key.id}`)).body.expires_at, null);
});

test('NK-24 NK-25 the eleventh active key is refused, also when fifty ask at once', async () => {
  const create = () => call('POST', '/v1/keys', { organization: acme, project: 'crowded', name: 'one of many' });
  const first = await key(acme, 'crowded');
  for (let made = 1; made < PROJECT_KEYS_MAX - 1; made += 1) await key(acme, 'crowded', { environment: made % 2 ? 'live' : 'test' });
  const answers = await Promise.all(Array.from({ length: 50 }, create));
  assert.equal(answers.filter(({ status }) => status === 201).length, 1);
  const refused = answers.filter(({ status, body }) => status === 429 && body.code === 'KEY_LIMIT_REACHED');
  assert.equal(refused.length, 49);
  await revoke(first.key.id);
  assert.equal((await create()).status, 201);
});

test('the client reads NOUKAI_API_KEY', async () => {
  process.env.NOUKAI_API_KEY = alpha.secret;
  const result = await new Noukai({ timeout: TIMEOUT_MS }).flow('acme/alpha/hello').execute({ message: 'hi' });
  delete process.env.NOUKAI_API_KEY;
  assert.deepEqual(result.result, { text: 'hello, hi' });
});

test('a key of another shape is refused by the client, and nothing is sent', async () => {
  const requests = () => readFileSync(process.env.NGINX_ACCESS_LOG, 'utf8').split('\n').length;
  const earlier = requests();
  assert.throws(() => new Noukai({ apiKey: 'sk_x' }), AuthenticationError);
  assert.throws(() => new Noukai(), AuthenticationError);
  assert.equal(requests(), earlier);
});

test('a path that can be read in two ways is refused', async () => {
  for (const path of ['/seq/acme%2falpha/x/hello/execute', '/seq/acme/alpha/../beta/hello/execute', '/seq//acme/alpha/hello/execute']) {
    // `fetch` would tidy the path up, so it is written by hand.
    assert.equal(await statusOfRawPath(`/api/v1${path}`), 400, path);
  }
});

async function statusOfRawPath(path) {
  const { connect } = await import('node:net');
  return new Promise((resolve, reject) => {
    const socket = connect(8080, 'localhost', () => {
      socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${alpha.secret}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    });
    let text = '';
    socket.on('data', (chunk) => { text += chunk; });
    socket.on('end', () => resolve(Number(text.split(' ')[1])));
    socket.on('error', reject);
  });
}
