// What the package does by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import {
  ConfigurationError,
  Conflict,
  InsufficientPermissions,
  InvalidRequest,
  KeyExpired,
  KeyRefused,
  KeyRevoked,
  Keyway,
  NotAuthorized,
  NotFound,
  PermissionDenied,
  ProblemError,
  RateLimited,
  VersionConflict,
} from 'keyway-sdk';
import { MockKeyway, testKey } from 'keyway-sdk/testing';

import { type Carrier, CARRIERS, findCredential } from '#internal/credential.js';
import { problemError, refusal } from '#internal/errors.js';
import { admit } from '#internal/guard.js';
import { checksum } from '#internal/key-string.js';
import { vectors } from './vectors.js';

const URL_ = 'http://127.0.0.1:1';
const TOKEN = `kw_mgmt_${'0'.repeat(40)}`;

test('a credential is found as the vectors say', () => {
  const rows = vectors<{ headers: [string, string][]; token?: string; code?: string }>('credentials');
  assert.ok(rows.length > 20);
  for (const { headers, token, code } of rows) {
    const expected = token === undefined ? { code } : { secret: token };
    assert.deepEqual(findCredential(headers, CARRIERS), expected, JSON.stringify(headers));
  }
});

test('a header that is no carrier is not tried', () => {
  const carriers: Carrier[] = ['header:X-Product-Key'];
  assert.deepEqual(findCredential([['Authorization', 'Bearer a']], carriers), {
    code: 'api_key_missing',
  });
  assert.deepEqual(findCredential([['x-product-key', 'a']], carriers), { secret: 'a' });
});

test('a checksum is what the vectors say, and a test key has one', () => {
  type Row = { environment: string; id: string; secret_character: string; check: string };
  for (const { environment, id, secret_character, check } of vectors<Row>('checksums')) {
    assert.equal(checksum(`kw_${environment}_${id}_${secret_character.repeat(40)}`), check);
  }
  const key = testKey();
  assert.match(key, /^kw_test_[0-9A-Za-z]{12}_[0-9A-Za-z]{46}$/);
  assert.equal(key.slice(-6), checksum(key.slice(0, -6)));
  assert.notEqual(testKey(), key);
});

test('every code is an error of its family whose message says what to do', () => {
  type Row = { code: string; status: number; title: string; to_do: string };
  const rows = vectors<Row>('codes');
  const reasons = rows.slice(0, rows.findIndex((row) => row.code === 'credential_missing'));
  const classes = new Set<unknown>();
  for (const { code, status, title, to_do } of reasons) {
    const error = refusal({ valid: false, code, http_status: status });
    assert.equal(error.message, `${title}. ${to_do} [${code}]`);
    assert.equal(error.status, status);
    assert.notEqual(error.constructor, KeyRefused, code);
    classes.add(error.constructor);
  }
  assert.equal(classes.size, reasons.length);
  for (const { code, status, title, to_do } of rows.slice(reasons.length)) {
    const error = problemError({ type: '', code, status, title, request_id: 'req_1' });
    assert.equal(error.message, `${title}. ${to_do} [${code}, req_1]`);
  }
});

test('a family is known by its status', () => {
  const of = (status: number) => problemError({ type: '', code: 'fresh', status, title: 'Fresh' });
  const table = new Map<number, unknown>([
    [400, InvalidRequest],
    [401, NotAuthorized],
    [403, PermissionDenied],
    [404, NotFound],
    [409, Conflict],
    [412, VersionConflict],
    [422, InvalidRequest],
    [428, VersionConflict],
    [418, ProblemError],
  ]);
  for (const [status, expected] of table) assert.equal(of(status).constructor, expected);
  assert.equal(of(418).message, 'Fresh. [fresh]');
});

test("a profile's own names for codes are still refusals", () => {
  const own = refusal({ valid: false, code: 'API_KEY_REVOKED', http_status: 401 });
  assert.equal(own.constructor, KeyRefused);
  assert.equal(own.status, 401);
  const missing_permissions = ['write'];
  const lacks = refusal({ valid: false, code: 'ROLE_FORBIDDEN', http_status: 403, missing_permissions });
  assert.ok(lacks instanceof InsufficientPermissions);
  assert.match(lacks.message, /missing: write/);
});

test('a key that is used too often says when to come again', async () => {
  const answer = { valid: false, code: 'rate_limited', http_status: 429, retry_after_seconds: 30 };
  const often = refusal(answer);
  assert.equal(often.constructor, RateLimited);
  assert.equal(often.retryAfterSeconds, 30);
  const verifier = { verify: () => Promise.reject(often) };
  const headers = [['x-api-key', 'k']] as const;
  const outcome = await admit(verifier, {}, undefined, { headers, address: undefined });
  assert.ok('refusal' in outcome);
  assert.equal(outcome.refusal.status, 429);
  assert.equal(outcome.refusal.headers['retry-after'], '30');
});

test('what is missing is named, and arguments win over the environment', () => {
  delete process.env['KEYWAY_URL'];
  delete process.env['KEYWAY_TOKEN'];
  assert.throws(() => new Keyway(), /KEYWAY_URL is not set: set it, or give `url`/);
  process.env['KEYWAY_URL'] = 'not an address';
  assert.throws(() => new Keyway({ url: URL_ }), /KEYWAY_TOKEN is not set/);
  assert.throws(() => new Keyway({ token: TOKEN }), ConfigurationError);
  assert.doesNotThrow(() => new Keyway({ url: URL_, token: TOKEN }));
  process.env['KEYWAY_URL'] = URL_;
  process.env['KEYWAY_TOKEN'] = TOKEN;
  assert.doesNotThrow(() => new Keyway());
  assert.throws(() => new Keyway({ timeoutMs: 0 }), /timeoutMs must be more than 0/);
});

test('a secret is in no error and in no picture of the client', () => {
  for (const token of [`${TOKEN}\n`, `${TOKEN}é`, `${TOKEN} x`, '']) {
    assert.throws(
      () => new Keyway({ url: URL_, token }),
      (error: Error) => error instanceof ConfigurationError && !inspect(error).includes(TOKEN),
    );
  }
  // A token in the place of the address, and one in the address.
  for (const url of [TOKEN, `http://user:${TOKEN}@127.0.0.1`, 'ftp://127.0.0.1']) {
    assert.throws(
      () => new Keyway({ url, token: TOKEN }),
      (error: Error) => !inspect(error).includes(TOKEN),
    );
  }
  const keyway = new Keyway({ url: URL_, token: TOKEN });
  for (const depth of [2, Infinity]) {
    assert.ok(!inspect(keyway, { depth, showHidden: true }).includes(TOKEN));
  }
  assert.ok(!JSON.stringify(keyway).includes(TOKEN));
});

test('the mock knows revoked for good, time, and being down', async () => {
  let now = new Date('2026-01-01T00:00:00Z');
  const mock = new MockKeyway(() => now);
  const secret = mock.issue({ permissions: ['read'], expiresAt: new Date('2026-01-02T00:00:00Z') });
  assert.deepEqual((await mock.verify(secret)).permissions, ['read']);
  mock.goDown();
  await assert.rejects(mock.verify(secret), { name: 'Undecided', code: 'undecided' });
  mock.comeBack();
  now = new Date('2026-01-02T00:00:00Z');
  await assert.rejects(mock.verify(secret), KeyExpired);
  mock.revoke(secret);
  mock.activate(secret);
  await assert.rejects(mock.verify(secret), KeyRevoked);
  assert.throws(() => mock.revoke(testKey()), RangeError);
});
