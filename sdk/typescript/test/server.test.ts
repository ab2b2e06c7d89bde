// Against the real binary.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import {
  Conflict,
  InsufficientPermissions,
  InvalidRequest,
  KeyInvalid,
  KeyMalformed,
  KeyRevoked,
  Keyway,
  NotAuthorized,
  NotFound,
  type Question,
  VersionConflict,
} from 'keyway-sdk';
import { type MockKey, MockKeyway, testKey } from 'keyway-sdk/testing';

import { KeywayServer } from './server.js';

let server: KeywayServer;
let keyway: Keyway;
let organization: string;

before(async () => {
  server = await KeywayServer.start();
  keyway = new Keyway({ url: server.url, token: server.token });
  const made = await keyway.organizations.create({ name: 'Own', external_id: 'ext_own' });
  organization = made.id;
  await keyway.projects.create({ organization, id: 'alpha', name: 'Alpha' });
});
after(() => server.stop());

function create(fields: object = {}) {
  const grants = [{ permissions: ['read'], resource: '*' }];
  return keyway.keys.create({ organization, name: 'Key', grants, ...fields });
}

test('what is generated is what the server says of itself', async () => {
  const generate = new URL('../../../generate.js', import.meta.url).pathname;
  await promisify(execFile)(process.execPath, [generate, server.url, '--check']);
});

test('a key lives: created, verified, changed, rotated, revoked, deleted', async () => {
  const { key, secret, effective_everywhere_at } = await create({ metadata: { plan: 'pro' } });
  assert.ok(!Number.isNaN(Date.parse(effective_everywhere_at)));
  const principal = await keyway.verify(secret, { permissions: ['read'] });
  assert.deepEqual([principal.id, principal.metadata], [key.id, { plan: 'pro' }]);
  const lacks = keyway.verify(secret, { permissions: ['read', 'write', 'admin'] });
  await assert.rejects(lacks, (error: InsufficientPermissions) => {
    assert.deepEqual(error.missingPermissions, ['write', 'admin']);
    return error instanceof InsufficientPermissions;
  });

  const edited = await keyway.keys.update(key.id, { name: 'Renamed' }, { version: key.version });
  assert.equal(edited.key.name, 'Renamed');
  const late = keyway.keys.update(key.id, { name: 'Late' }, { version: key.version });
  await assert.rejects(late, VersionConflict);
  assert.equal((await keyway.keys.load(key.id)).name, 'Renamed');

  await keyway.keys.deactivate(key.id);
  await assert.rejects(keyway.verify(secret), { code: 'api_key_inactive', status: 401 });
  await keyway.keys.activate(key.id);
  const next = await keyway.keys.rotate(key.id, { grace: '0s' });
  await assert.rejects(keyway.verify(secret));
  assert.equal((await keyway.verify(next.secret)).id, next.key.id);

  await keyway.keys.revoke(next.key.id, { reason: 'test' });
  await assert.rejects(keyway.verify(next.secret), KeyRevoked);
  assert.equal((await keyway.keys.revoke(next.key.id)).key.status, 'revoked');
  await keyway.keys.delete(next.key.id);
  await assert.rejects(keyway.keys.load(next.key.id), NotFound);
  assert.equal((await keyway.keys.loadUsage(key.id)) !== undefined, true);
});

test('an Idempotency-Key of the caller makes one key, whose secret is shown once', async () => {
  const terms = { idempotencyKey: 'once' };
  const fields = { organization, name: 'Once' };
  const { secret } = await keyway.keys.create(fields, terms);
  await assert.rejects(keyway.keys.create(fields, terms), (error: Conflict) => {
    assert.equal(error.code, 'secret_already_shown');
    return error instanceof Conflict && !JSON.stringify(error).includes(secret);
  });
  const rows = [];
  for await (const key of keyway.keys.list({ q: 'Once' })) rows.push(key.id);
  assert.equal(rows.length, 1);
});

test('a list is followed over its pages', async () => {
  await Promise.all([1, 2, 3, 4, 5].map((n) => create({ name: `Paged ${n}`, owner: 'pager' })));
  const names = [];
  for await (const key of keyway.keys.list({ owner: 'pager', limit: 2 })) names.push(key.name);
  assert.deepEqual(names.sort(), ['Paged 1', 'Paged 2', 'Paged 3', 'Paged 4', 'Paged 5']);
  const page = await keyway.keys.listPage({ owner: 'pager', limit: 2 });
  assert.equal(page.data.length, 2);
  assert.ok(page.next_cursor);
});

test('a batch answers each question in its place', async () => {
  const { secret } = await create();
  const answers = await keyway.verifyBatch([
    { secret },
    { secret: testKey() },
    { secret, permissions: ['write'] },
  ]);
  assert.deepEqual(
    answers.map((it) => [it.valid, it.code]),
    [
      [true, 'valid'],
      [false, 'api_key_invalid'],
      [false, 'insufficient_permissions'],
    ],
  );
  await assert.rejects(keyway.verify(testKey()), KeyInvalid);
  await assert.rejects(keyway.verify('nonsense'), KeyMalformed);
});

test('leaked secrets are revoked together', async () => {
  const made = await Promise.all([create(), create()]);
  const secrets = [...made.map((it) => it.secret), testKey('live')];
  const { data } = await keyway.keys.revokeBatch({ secrets, reason_code: 'leaked' });
  assert.deepEqual(
    data.map((it) => it.result),
    ['revoked', 'revoked', 'unknown'],
  );
});

test('an import is a stream: refusals as they come, totals at the end', async () => {
  const secret = testKey();
  const sha256 = createHash('sha256').update(secret).digest('hex');
  async function* lines() {
    yield { organization, name: 'Good', sha256, display_prefix: secret.slice(0, 8), environment: 'test' };
    yield { organization, name: 'Bad', sha256: 'x', display_prefix: 'x' };
  }
  const importing = keyway.keys.import(lines());
  const refused = await importing.next();
  assert.ok(!refused.done && refused.value.line === 2);
  const totals = await importing.next();
  assert.deepEqual([totals.done, totals.value], [true, { imported: 1, refused: 1 }]);
  assert.equal((await keyway.verify(secret)).name, 'Good');
  const nobody = new Keyway({ url: server.url, token: `kw_mgmt_${'0'.repeat(40)}` });
  await assert.rejects(nobody.keys.import([]).next(), NotAuthorized);
});

test('organizations, projects, members, and who calls', async () => {
  const other = await keyway.organizations.create({ name: 'Other' });
  assert.equal((await keyway.organizations.load(other.id)).name, 'Other');
  await keyway.organizations.update(other.id, { name: 'Third' }, { version: other.version });
  const { secret } = await keyway.keys.create({ organization: other.id, name: 'Key' });
  await keyway.organizations.suspend(other.id);
  await assert.rejects(keyway.verify(secret), { code: 'api_key_inactive' });
  await keyway.organizations.resume(other.id);
  await keyway.verify(secret);
  const ids = [];
  for await (const { id } of keyway.organizations.list({ limit: 1 })) ids.push(id);
  assert.deepEqual(ids.sort(), [organization, other.id].sort());
  for await (const project of keyway.projects.list({ organization })) assert.equal(project.id, 'alpha');

  const fields = { organization, name: 'Ada', email: 'ada@example.org', role: 'owner' };
  const ada = await keyway.members.create(fields);
  const bob = await keyway.members.create({ ...fields, name: 'Bob', email: 'bob@example.org' });
  await keyway.members.update(bob.id, { role: 'viewer' }, { version: bob.version });
  assert.equal((await keyway.members.load(bob.id)).role, 'viewer');
  await keyway.members.remove(bob.id);
  for await (const member of keyway.members.list({ organization })) assert.equal(member.id, ada.id);

  assert.equal((await keyway.whoami()).management_key?.is_root, true);
  const holder = new Keyway({ url: server.url, token: secret });
  assert.equal((await holder.whoami()).key?.name, 'Key');
  await assert.rejects(holder.verify(secret), NotAuthorized);
});

test('resources are told, named anew, listed below a path, and taken back', async () => {
  const whose = { organization };
  const path = 'project/alpha/flow/f_1';
  const told = await keyway.resources.put(path, { name: 'First' }, whose);
  assert.deepEqual([told.path, told.name, told.version], [path, 'First', 1]);
  const terms = { ...whose, version: told.version };
  assert.equal((await keyway.resources.put(path, { name: 'Second' }, terms)).version, 2);
  await assert.rejects(keyway.resources.put(path, { name: 'Late' }, terms), VersionConflict);
  await keyway.resources.put('project/alpha/table/t', { name: 'Beside' }, whose);
  const found = [];
  for await (const it of keyway.resources.list({ ...whose, prefix: 'project/alpha/flow' })) {
    found.push(it.name);
  }
  assert.deepEqual(found, ['Second']);
  assert.equal((await keyway.resources.load(path, whose)).name, 'Second');
  await keyway.resources.remove(path, whose);
  await assert.rejects(keyway.resources.load(path, whose), NotFound);
  await assert.rejects(keyway.resources.put('project', { name: 'n' }, whose), InvalidRequest);
});

test('a refused field is named', async () => {
  const bad = keyway.keys.create({ organization, name: '' });
  await assert.rejects(bad, (error: InvalidRequest) => {
    assert.equal(error.fields[0]?.pointer, '/name');
    assert.match(error.message, /\/name/);
    assert.match(String(error.requestId), /^req_/);
    return error instanceof InvalidRequest;
  });
});

test('the mock answers as the server does', async () => {
  const mock = new MockKeyway();
  const past = new Date(Date.now() + 700);
  const made: MockKey[] = [
    {},
    { permissions: ['read', 'a.write'] },
    { permissions: ['*'], project: 'alpha', owner: 'u1', metadata: { a: 1 }, name: 'In alpha' },
    { permissions: ['read'], resource: 'project/alpha/flow/f' },
    { permissions: ['read'], environment: 'live' },
    { permissions: ['read'], expiresAt: past },
  ];
  const questions: Question[] = [
    {},
    { permissions: ['read'] },
    { permissions: ['read', 'write', 'a.write'] },
    { permissions: ['a'], resource: '*' },
    ...['*', 'project/alpha', 'project/alphabet', 'project/alpha/flow/f/step/1'].flatMap((resource) => [
      { resource },
      { resource, permissions: ['read'] },
    ]),
    { organization },
    { organization: 'ext_own' },
    { organization: 'elsewhere' },
    { environment: 'test' },
    { environment: 'live', permissions: ['write'] },
  ];
  const pairs = await Promise.all(made.map(async (key) => [await realKey(key), mockKey(mock, key)]));
  await new Promise((later) => setTimeout(later, 800));
  for (const [real, mocked] of pairs as [string, string][]) {
    for (const question of questions) {
      const theirs = await keyway.ask(real, question);
      const ours = await mock.ask(mocked, question);
      const same = { id: '', suffix: '', expires_at: null };
      if (theirs.key) Object.assign(theirs.key, same);
      if (ours.key) Object.assign(ours.key, same);
      assert.deepEqual(ours, theirs, JSON.stringify(question));
    }
  }
});

async function realKey(key: MockKey): Promise<string> {
  const { permissions = [], resource = '*', expiresAt, project, owner, metadata } = key;
  const grants = permissions.length > 0 ? [{ permissions: [...permissions], resource }] : [];
  const made = await keyway.keys.create({
    organization,
    name: key.name ?? 'Mock key',
    environment: key.environment ?? 'test',
    grants,
    ...(project === undefined ? {} : { project }),
    ...(owner === undefined ? {} : { owner }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt.toISOString() }),
  });
  return made.secret;
}

function mockKey(mock: MockKeyway, key: MockKey): string {
  return mock.issue({ organization, organizationExternalId: 'ext_own', ...key });
}
