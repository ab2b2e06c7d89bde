// Every piece of code of README.md, as a program of its own.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { Keyway } from 'keyway-sdk';
import { testKey } from 'keyway-sdk/testing';

import { freePort, KeywayServer, untilAnswered } from './server.js';

const FOLDER = new URL('../build/snippets/', import.meta.url);
const started: ChildProcess[] = [];
let server: KeywayServer;
let keyway: Keyway;
let organization: string;
let reader: string;
let nobody: string;

before(async () => {
  server = await KeywayServer.start();
  keyway = new Keyway({ url: server.url, token: server.token });
  organization = (await keyway.organizations.create({ name: 'Own' })).id;
  const grants = [{ permissions: ['read'], resource: '*' }];
  reader = (await keyway.keys.create({ organization, name: 'Reader', grants })).secret;
  nobody = (await keyway.keys.create({ organization, name: 'Nobody' })).secret;
});
after(async () => {
  started.forEach((child) => child.kill('SIGKILL'));
  await server.stop();
});

function surroundings(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, KEYWAY_URL: server.url, KEYWAY_TOKEN: server.token, ...more };
}

function program(name: string): string {
  return new URL(`${name}.js`, FOLDER).pathname;
}

async function output(name: string, ...words: string[]): Promise<string> {
  const options = { env: surroundings() };
  const run = promisify(execFile);
  return (await run(process.execPath, [program(name), ...words], options)).stdout;
}

const guarded: Record<string, { path: string; body: RegExp }> = {
  'guard-an-express-app': { path: '/orders', body: /"organization":"org_/ },
  'guard-a-fastify-app': { path: '/projects/alpha', body: /"project":"alpha","key":"Reader"/ },
  'guard-plain-node': { path: '/', body: /hello Reader/ },
};

for (const [name, { path, body }] of Object.entries(guarded)) {
  test(name, async () => {
    const port = await freePort();
    const env = surroundings({ PORT: String(port) });
    const child = spawn(process.execPath, [program(name)], { env, stdio: 'inherit' });
    started.push(child);
    const url = `http://localhost:${port}${path}`;
    await untilAnswered(url, () => child.exitCode === null);
    const call = (secret: string) => fetch(url, { headers: { authorization: `Bearer ${secret}` } });
    const allowed = await call(reader);
    assert.equal(allowed.status, 200);
    assert.match(await allowed.text(), body);
    assert.equal((await call(nobody)).status, 403);
    assert.equal((await call(testKey())).status, 401);
    assert.equal((await fetch(url)).status, 401);
  });
}

test('verify-by-hand', async () => {
  assert.match(await output('verify-by-hand', reader), /^Reader of org_/);
  assert.equal(await output('verify-by-hand', nobody), 'missing: read\n');
  assert.equal(await output('verify-by-hand', testKey()), '401 api_key_invalid\n');
});

test('manage-keys', async () => {
  const lines = await output('manage-keys');
  assert.match(lines, /^shown once, 67 characters\nCI deploy: active\n$/);
});

test('name-what-keys-reach', async () => {
  await keyway.projects.create({ organization, id: 'alpha', name: 'Alpha' });
  const lines = await output('name-what-keys-reach', organization, 'alpha');
  assert.equal(lines, 'project/alpha/flow/hello: Say hello\n');
});

test('watch-a-key', async () => {
  const { key, secret } = await keyway.keys.create({ organization, name: 'Watched' });
  const words = [program('watch-a-key'), secret];
  const child = spawn(process.execPath, words, { env: surroundings(), stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  const told = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => (await told.next()).value as unknown;
  assert.equal(await next(), 'watching');
  await keyway.keys.update(key.id, { name: 'Renamed' }, { version: key.version });
  assert.equal(await next(), 'key.updated');
  await keyway.keys.revoke(key.id);
  assert.equal(await next(), 'close its socket: api_key_revoked');
  assert.equal(await next(), undefined);
});

test('test-your-own-code', async () => {
  assert.equal(await output('test-your-own-code'), '');
});

test('no piece of code is left out', () => {
  const found = readdirSync(FOLDER).filter((file) => file.endsWith('.js'));
  const others = ['verify-by-hand', 'manage-keys', 'name-what-keys-reach', 'watch-a-key'];
  const run = [...Object.keys(guarded), ...others, 'test-your-own-code'];
  assert.deepEqual(found.sort(), run.map((name) => `${name}.js`).sort());
});
