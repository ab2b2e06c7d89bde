// A watch over connections that come and go, and against the real binary.
import assert from 'node:assert/strict';
import { type ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { type FollowLine, Keyway, NotAuthorized, PermissionDenied, type WatchEvent } from 'keyway-sdk';

import { KeywayServer, listen } from './server.js';

const TOKEN = `kw_mgmt_${'0'.repeat(40)}`;
const closing: (() => void)[] = [];
let server: KeywayServer;
let keyway: Keyway;
let organization: string;

before(async () => {
  server = await KeywayServer.start();
  keyway = new Keyway({ url: server.url, token: server.token });
  organization = (await keyway.organizations.create({ name: 'Own' })).id;
});
after(async () => {
  closing.forEach((close) => close());
  await server.stop();
});

type Step = (FollowLine | string)[] | { status: number; code: string } | 'cut' | 'silent';

/** A server that answers each follow with its step; and what was asked for. */
async function acting(steps: Step[]) {
  const asked: (string | undefined)[] = [];
  const { url, server } = await listen((request, response) => {
    const step = steps[asked.push(request.url) - 1];
    if (step === undefined || step === 'cut') request.socket.destroy();
    else if (step === 'silent') say(response, [position(1)]);
    else if (Array.isArray(step)) say(response, step).end();
    else response.writeHead(step.status).end(JSON.stringify({ title: 'No', ...step }));
  });
  closing.push(() => server.close(), () => server.closeAllConnections());
  return { asked, keyway: new Keyway({ url, token: TOKEN }) };
}

function say(response: ServerResponse, lines: (FollowLine | string)[]): ServerResponse {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for (const it of lines) response.write(typeof it === 'string' ? it : `${JSON.stringify(it)}\n`);
  return response;
}

function position(seq: number): FollowLine {
  return { type: 'position', seq };
}

function change(seq: number, touches: 'keys' | 'organization', whose: string): FollowLine {
  const keys = touches === 'keys' ? [whose] : [];
  const organization = touches === 'keys' ? 'org_1' : whose;
  return { type: 'change', seq, action: 'key.revoked', touches, organization, keys };
}

function told(event: WatchEvent): string {
  if (event.kind === 'changed') return String(event.change.seq);
  return event.kind === 'watching' ? `watching ${event.seq}` : event.kind;
}

async function first(count: number, events: AsyncIterable<WatchEvent>): Promise<string[]> {
  const found = [];
  for await (const event of events) {
    if (found.push(told(event)) === count) break;
  }
  return found;
}

test('a watch goes on behind the last line when its connection ends or breaks', async () => {
  const { asked, keyway } = await acting([
    [position(5), change(6, 'keys', 'k1'), '{"type":"change","seq":7,"act'],
    [position(6), { type: 'heartbeat', seq: 9 }, '{"type":"to come","seq":99}\n'],
    'cut',
    { status: 503, code: 'undecided' },
    [position(9), change(11, 'keys', 'k2'), { type: 'end', reason: 'stopping', detail: '' }],
  ]);
  assert.deepEqual(await first(8, keyway.watch()), [
    'watching 5',
    '6',
    'interrupted',
    'watching 6',
    'interrupted',
    'watching 9',
    '11',
    'interrupted',
  ]);
  const behind = [6, 9, 9, 9].map((seq) => `/v1/follow?after=${seq}`);
  assert.deepEqual(asked, ['/v1/follow', ...behind]);
});

test('a watch of one key leaves out what bears on others', async () => {
  const { keyway } = await acting([
    [
      position(5),
      change(6, 'keys', 'k2'),
      change(7, 'keys', 'k1'),
      change(8, 'organization', 'org_2'),
      change(9, 'organization', 'org_1'),
      { type: 'change', seq: 10, action: 'profile.applied', touches: 'everything', keys: [] },
    ],
  ]);
  const events = keyway.watch({ id: 'k1', organization: 'org_1' });
  assert.deepEqual(await first(5, events), ['watching 5', '7', '9', '10', 'interrupted']);
});

test('lost changes are told and followed anew', async () => {
  const { asked, keyway } = await acting([
    [position(5), { type: 'end', reason: 'lost', detail: '' }],
    [position(2)],
    { status: 409, code: 'position_unknown' },
    [position(1)],
  ]);
  const expected = ['watching 5', 'lost', 'watching 2', 'interrupted', 'lost', 'watching 1'];
  assert.deepEqual(await first(6, keyway.watch()), expected);
  assert.deepEqual(asked, ['/v1/follow', '/v1/follow', '/v1/follow?after=2', '/v1/follow']);
});

test('a refusal that stays ends the watch, and is not asked for again', async () => {
  for (const status of [401, 403]) {
    const { asked, keyway } = await acting([{ status, code: 'some_code' }]);
    await assert.rejects(keyway.watch().next(), { code: 'some_code', status });
    assert.equal(asked.length, 1);
  }
});

test('a silent connection is given up', async () => {
  const { asked, keyway } = await acting(['silent', [position(1)]]);
  const began = Date.now();
  assert.deepEqual(await first(3, keyway.watch()), ['watching 1', 'interrupted', 'watching 1']);
  assert.ok(Date.now() - began >= 5_900);
  assert.equal(asked.length, 2);
});

test('a watch hears of its key as soon as the change has returned, and over a silence', async () => {
  const { key, secret } = await keyway.keys.create({ organization, name: 'Watched' });
  const other = await keyway.keys.create({ organization, name: 'Other' });
  const events = keyway.watch(key);
  const opened = await events.next();
  assert.equal(opened.value?.kind, 'watching');
  await keyway.keys.revoke(other.key.id);
  // Longer than a heartbeat takes to come.
  await pause(2_500);
  await keyway.keys.deactivate(key.id);
  const stopped = events.next();
  await keyway.keys.revoke(key.id);
  const actions = [await stopped, await events.next()].map((it) =>
    it.value?.kind === 'changed' ? it.value.change.action : it.value,
  );
  assert.deepEqual(actions, ['key.deactivated', 'key.revoked']);
  await assert.rejects(keyway.verify(secret), { code: 'api_key_revoked' });
  await events.return();
});

test('a watch ends by its signal, also while it waits, and leaves nothing open', async () => {
  const stopping = new AbortController();
  const events = keyway.watch(undefined, { signal: stopping.signal });
  await events.next();
  const waiting = events.next();
  await pause(50);
  stopping.abort();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  const ended = keyway.watch(undefined, { signal: stopping.signal });
  assert.deepEqual(await ended.next(), { done: true, value: undefined });
});

test('who may not follow is told so', async () => {
  const { secret } = await keyway.keys.create({ organization, name: 'Key' });
  const holder = new Keyway({ url: server.url, token: secret });
  await assert.rejects(holder.watch().next(), (error) => {
    return error instanceof NotAuthorized || error instanceof PermissionDenied;
  });
});
