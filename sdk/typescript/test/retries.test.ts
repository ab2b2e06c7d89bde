// Which calls are made again, and which never.
import assert from 'node:assert/strict';
import { type IncomingMessage, type RequestListener } from 'node:http';
import { after, test } from 'node:test';

import { Conflict, Keyway, type KeywayOptions, Undecided, Unreachable } from 'keyway-sdk';

import { listen } from './server.js';

const TOKEN = `kw_mgmt_${'0'.repeat(40)}`;
const VALID = { valid: true, code: 'valid', http_status: 200, key: { id: 'k' } };
const closing: (() => void)[] = [];
after(() => closing.forEach((close) => close()));

type Step = { status: number; body?: unknown; headers?: Record<string, string> } | 'cut' | 'hang';

/** A server that goes through `steps`, the last one again and again; and who called it. */
async function acting(steps: Step[], options: KeywayOptions = {}) {
  const seen: IncomingMessage[] = [];
  const listener: RequestListener = (request, response) => {
    const step = steps[Math.min(seen.length, steps.length - 1)];
    seen.push(request);
    if (step === 'cut') return void request.socket.destroy();
    if (step === 'hang' || step === undefined) return;
    const body = JSON.stringify(step.body ?? {});
    response.writeHead(step.status, { 'content-type': 'application/json', ...step.headers }).end(body);
  };
  const { url, server } = await listen(listener);
  closing.push(() => server.close(), () => server.closeAllConnections());
  return { keyway: new Keyway({ url, token: TOKEN, ...options }), seen, url };
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Step {
  return { status, headers, body: { type: '', title: 'Title', status, code } };
}

const LATER = { 'retry-after': '0' };
const DONE: Step = { status: 200, body: { key: { id: 'k' } } };

test('a question is asked again after a cut connection, a gateway error and Retry-After', async () => {
  const bad: Step[] = ['cut', { status: 502 }, problem(503, 'undecided', LATER)];
  for (const first of bad) {
    const { keyway, seen } = await acting([first, { status: 200, body: VALID }]);
    assert.equal((await keyway.verify('k')).id, 'k');
    assert.equal(seen.length, 2);
  }
});

test('repetitions end, and the end is Undecided and never a refusal', async () => {
  for (const step of ['cut', { status: 502 }, problem(503, 'undecided', LATER)] as Step[]) {
    const { keyway, seen } = await acting([step]);
    await assert.rejects(keyway.verify('k'), Undecided);
    assert.equal(seen.length, 3);
  }
  const { keyway, seen } = await acting(['cut'], { retries: 0 });
  await assert.rejects(keyway.verify('k'), Unreachable);
  assert.equal(seen.length, 1);
});

test('a server that is silent costs the time that was given and no more', async () => {
  const { keyway, seen } = await acting(['hang'], { verifyTimeoutMs: 300 });
  await assert.rejects(keyway.verify('k'), /cannot be reached \(no answer in time\)/);
  assert.ok(seen.length <= 3);
});

test('a wait that is longer than the time that is left is not begun', async () => {
  const { keyway, seen } = await acting([problem(503, 'undecided', { 'retry-after': '60' })]);
  await assert.rejects(keyway.verify('k'), { code: 'undecided', retryAfterSeconds: 60 });
  assert.equal(seen.length, 1);
});

test('a creation carries one Idempotency-Key through all its attempts', async () => {
  const { keyway, seen } = await acting(['cut', problem(409, 'idempotency_in_progress'), DONE]);
  await keyway.keys.create({ name: 'n' });
  const keys = seen.map((request) => request.headers['idempotency-key']);
  assert.equal(keys.length, 3);
  assert.match(String(keys[0]), /^[0-9a-f-]{36}$/);
  assert.equal(new Set(keys).size, 1);
  await keyway.keys.create({ name: 'n' }, { idempotencyKey: 'mine' });
  assert.equal(seen.at(-1)?.headers['idempotency-key'], 'mine');
});

test('a change that is not safe is made again only where the server says that nothing was done', async () => {
  const edit = (it: Keyway) => it.keys.update('k', { name: 'n' }, { version: 3 });
  const once: Step[] = ['cut', { status: 502 }, problem(503, 'outcome_unknown', LATER)];
  for (const step of once) {
    const { keyway, seen } = await acting([step, DONE]);
    await assert.rejects(edit(keyway), Undecided);
    assert.equal(seen.length, 1);
  }
  const { keyway, seen } = await acting([problem(503, 'store_unavailable', LATER), DONE]);
  await edit(keyway);
  assert.equal(seen.length, 2);
  assert.equal(seen[0]?.headers['if-match'], '"3"');
});

test('a refusal is an answer and is not asked for again', async () => {
  for (const status of [400, 401, 403, 404, 409, 422, 429, 500]) {
    const { keyway, seen } = await acting([problem(status, 'some_code')]);
    await assert.rejects(keyway.keys.create({ name: 'n' }), { code: 'some_code' });
    assert.equal(seen.length, 1, String(status));
  }
  const { keyway } = await acting([problem(409, 'key_already_exists')]);
  await assert.rejects(keyway.keys.create({ name: 'n' }), Conflict);
});

test('no answer but a whole and right one lets a key through', async () => {
  const wrong: Step[] = [
    { status: 200, body: {} },
    { status: 200, body: { ...VALID, valid: 'true' } },
    { status: 200, body: { ...VALID, key: undefined } },
    { status: 204 },
    { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
    { status: 401, body: '<html>' },
  ];
  for (const step of wrong) {
    const { keyway } = await acting([step]);
    await assert.rejects(keyway.verify('k'), Undecided, JSON.stringify(step));
  }
});

test('an id cannot lead to another route, and a path in the address is kept', async () => {
  const { url, seen } = await acting([DONE]);
  const keyway = new Keyway({ url: `${url}/below/`, token: TOKEN });
  for (const id of ['../management-keys', 'a/b?c#d', '$&']) await keyway.keys.load(id);
  const paths = seen.map((request) => request.url);
  assert.deepEqual(paths, [
    '/below/v1/keys/..%2Fmanagement-keys',
    '/below/v1/keys/a%2Fb%3Fc%23d',
    '/below/v1/keys/%24%26',
  ]);
  for (const id of ['', '.', '..']) await assert.rejects(async () => keyway.keys.load(id), TypeError);
});
