// What clients do wrong, or too much of, is their own loss: the others are served, and memory stays bounded.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { account, ask, connected, key } from './product.mjs';
import { RawSocket, frame } from './wire.mjs';

const { PRODUCT_URL, PRODUCT_PID } = process.env;
const ANSWERED_WITHIN_MS = 10_000;
const IDLE = 5_000;
const AT_ONCE = 100;
/** Memory that one of many idle sockets may take. */
const IDLE_KILOBYTES_MAX = 48;
const BINARY = 0x82;
const RESERVED = 0x8b;

let secret;

before(async () => {
  ({ secret } = await key(await account('Account of somebody careless')));
});

/** Whether somebody else is served, in the time that clients wait for an answer. */
async function isWell(t) {
  const began = performance.now();
  const socket = await connected(t, secret);
  const answer = await ask(socket, 'workflow:get', { workflow_id: 'wf1' });
  assert.equal(answer.data.workflow.name, 'One');
  const took = performance.now() - began;
  assert.ok(took < ANSWERED_WITHIN_MS, `after ${took} ms`);
}

/** Memory that the product holds. */
async function kilobytes() {
  const status = await readFile(`/proc/${PRODUCT_PID}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]);
}

test('a broken frame ends its own connection', async (t) => {
  for (const sent of [
    frame('4'), frame('42["workflow:get"'), frame('4x'), frame('40{'), frame('zzz'), frame('42{}'),
    frame('40/admin,{}'), frame('451-["workflow:get",{"_placeholder":true,"num":0}]'), frame('4', BINARY),
    frame('', RESERVED), frame(Buffer.from([0x34, 0xff, 0xfe])), Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    frame(`42${'['.repeat(50_000)}`),
  ]) {
    const raw = await RawSocket.open(PRODUCT_URL);
    raw.socket.write(sent);
    await raw.closed;
  }
  await isWell(t);
});

test('a first packet of 1 MB is refused, and one that is larger ends its connection', async (t) => {
  const large = await RawSocket.open(PRODUCT_URL);
  large.send(`40${JSON.stringify({ api_key: 'x'.repeat(999_900) })}`);
  await large.hears('44{"data":{"code":"invalid_api_key"}');
  await large.closed;
  const larger = await RawSocket.open(PRODUCT_URL);
  larger.send(`40${JSON.stringify({ api_key: 'x'.repeat(1_000_000) })}`);
  await larger.closed;
  await isWell(t);
});

test('who says who they are again and again is asked about once', async (t) => {
  const raw = await RawSocket.open(PRODUCT_URL);
  const introduction = frame(`40${JSON.stringify({ api_key: secret })}`);
  raw.socket.write(Buffer.concat(Array(2_000).fill(introduction)));
  await raw.closed;
  await isWell(t);
});

test('a call before the key is told so', async (t) => {
  const raw = await RawSocket.open(PRODUCT_URL);
  raw.send('42["workflow:get",{"workflow_id":"wf1","request_id":"r"}]');
  await raw.hears('"connect first"');
  raw.socket.destroy();
  await isWell(t);
});

test('a socket that never reads takes no more than its own small part of memory', async (t) => {
  const before = await kilobytes();
  const raw = await RawSocket.introduced(PRODUCT_URL, secret);
  raw.socket.pause();
  const call = JSON.stringify(['workflow:get', { workflow_id: 'wf1', request_id: 'r'.repeat(100_000) }]);
  const call42 = frame(`42${call}`);
  for (let sent = 0; sent < 2_000 && !raw.socket.destroyed; sent += 50) {
    raw.socket.write(Buffer.concat(Array(50).fill(call42)));
    await pause(10);
  }
  await isWell(t);
  const grown = (await kilobytes()) - before;
  assert.ok(grown < 64_000, `${grown} kB more`);
  raw.socket.destroy();
});

test(`${IDLE} idle sockets disturb nobody`, async (t) => {
  const before = await kilobytes();
  const idle = [];
  while (idle.length < IDLE) {
    const more = Array.from({ length: AT_ONCE }, () => RawSocket.introduced(PRODUCT_URL, secret));
    idle.push(...(await Promise.all(more)));
  }
  await isWell(t);
  const grown = (await kilobytes()) - before;
  t.diagnostic(`${(grown / IDLE).toFixed(1)} kB each`);
  assert.ok(grown < IDLE * IDLE_KILOBYTES_MAX, `${grown} kB more`);
  for (const raw of idle) raw.socket.destroy();
  await Promise.all(idle.map((raw) => raw.closed));
  await isWell(t);
});
