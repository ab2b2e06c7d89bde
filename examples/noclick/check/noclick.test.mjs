// socket.io-client, unmodified, which the product's TypeScript package wraps, against the example. Titles
// begin with what they prove.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { account, ask, connect, connected, key, keyway } from './product.mjs';

const EVENTS = {
  read: [
    'workflow:get', 'workflow:list', 'workflow:get_node_outputs', 'workflow:get_node_output_history',
    'workflow:node:load_options', 'workflow:node:get_config_schema', 'workflow:node:get_config',
    'workflow:load_node_state', 'workflow:state:get', 'workflow:state:keys', 'workflow:list_executions',
    'credential:list', 'credential:get', 'resource:list', 'resource:get', 'resource:download_url',
    'resource:dataset:rows',
  ],
  execute: ['workflow:execute', 'workflow:stop'],
  write: [
    'workflow:node:set_config', 'workflow:state:set', 'workflow:create', 'workflow:update', 'workflow:delete',
    'workflow:save_node_state', 'workflow:clear_node_state', 'credential:create', 'credential:update',
    'credential:delete', 'resource:create', 'resource:delete', 'resource:upload_url', 'resource:fork',
    'resource:dataset:append', 'resource:dataset:update_row', 'resource:dataset:delete_rows',
  ],
  none: ['yjs:sync', 'workflow:Get', 'workflow', '', 'response', 'error'],
};

let owner;

before(async () => {
  owner = await account('Account of a browser');
});

test('NC-1 NC-26 the library under the TypeScript client connects with a key and reads', async (t) => {
  const socket = await connected(t, (await key(owner)).secret);
  const answer = await ask(socket, 'workflow:state:keys', { workflow_id: 'wf1' });
  assert.deepEqual(answer, { request_id: 'ts-1', data: { keys: [] } });
});

test('NC-11 NC-12 NC-13 NC-14 NC-17 NC-18 each event needs its own permission, and others are denied', async (t) => {
  for (const permission of ['read', 'execute', 'write']) {
    const socket = await connected(t, (await key(owner, [permission])).secret);
    for (const [needed, events] of Object.entries(EVENTS)) {
      for (const event of events) {
        const { error = '' } = await ask(socket, event, { workflow_id: 'wf1' });
        const denied = /^denied: (.*)$/.exec(error)?.[1];
        const expected = { [permission]: undefined, none: 'unknown event' };
        const reason = needed in expected ? expected[needed] : 'insufficient_permissions';
        assert.equal(denied, reason, `${event} with ${permission}`);
      }
    }
  }
});

test('NC-36 a key that opens nothing is told so with a code', async (t) => {
  const socket = connect(t, `nk_live_${'0'.repeat(64)}`);
  const [error] = await once(socket, 'connect_error');
  assert.equal(error.message, 'denied: api_key_invalid');
  assert.deepEqual(error.data, { code: 'invalid_api_key' });
});

test('NC-37 a revoked key is cut by the server, and does not come back by itself', async (t) => {
  const made = await key(owner);
  const socket = await connected(t, made.secret);
  const cut = once(socket, 'disconnect');
  await keyway('POST', `/v1/keys/${made.key.id}/revoke`, {});
  const returned = performance.now();
  const [reason] = await cut;
  assert.ok(performance.now() - returned < 1_000);
  assert.equal(reason, 'io server disconnect');
  await pause(1_500);
  assert.equal(socket.connected, false);
});

test('NC-43 a connection and each accepted event are a use of the key', async (t) => {
  const made = await key(owner);
  const lastUsed = async () => (await keyway('GET', `/v1/keys/${made.key.id}/usage`)).last_used_at;
  // Uses reach the tables within ten seconds.
  const usedAfter = async (time) => {
    const patience = performance.now() + 15_000;
    while (performance.now() < patience) {
      if (Date.parse(await lastUsed()) >= time) return;
      await pause(200);
    }
    assert.fail(`not used after ${new Date(time).toISOString()}: ${await lastUsed()}`);
  };
  assert.equal(await lastUsed(), null);
  const connecting = Date.now();
  const socket = await connected(t, made.secret);
  await usedAfter(connecting);
  const asking = Date.now();
  await ask(socket, 'workflow:get', { workflow_id: 'wf1' });
  await usedAfter(asking);
});
