// Over TLS: the session cookie is one that no other host and no plain connection can set or read.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

// For the requests of this file alone; the browser is told apart.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const TRUSTING = { ignoreHTTPSErrors: true };

suiteOnce('over TLS', {}, (house) => {
  test('the session cookie is for this host, and is sent over TLS only', async () => {
    const owner = await house.owner('Acme', TRUSTING);
    const { name, secure, httpOnly, sameSite, path, domain } = await owner.cookie();
    assert.deepEqual(
      { name, secure, httpOnly, sameSite, path, domain },
      { name: '__Host-keyway', secure: true, httpOnly: true, sameSite: 'Lax', path: '/', domain: '127.0.0.1' },
    );
    const keys = house.keys(owner);
    await keys.open();
    await keys.create({ name: 'Production server' });
    await keys.copyAndClose();
    assert.deepEqual(await keys.names(), ['Production server']);
  });

  test('the name that a plain connection could set opens nothing', async () => {
    const owner = await house.owner('Acme', TRUSTING);
    const { value } = await owner.cookie();
    const look = (cookie) => fetch(`${house.server.url}/keys`, { redirect: 'manual', headers: { cookie } });
    assert.equal((await look(`__Host-keyway=${value}`)).status, 200);
    assert.equal((await look(`${house.profile.cookie}=${value}`)).status, 303);
    assert.equal((await look(`__Host-keyway=${value}; __Host-keyway=planted`)).status, 303);
  });

  test('browsers are told to stay with TLS', async () => {
    const answer = await fetch(`${house.server.url}/sign-in`);
    assert.match(answer.headers.get('strict-transport-security') ?? '', /max-age=\d{7,}/);
  });

  test('signing out takes the cookie away', async () => {
    const owner = await house.owner('Acme', TRUSTING);
    await owner.page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await owner.page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    assert.deepEqual(await owner.context.cookies(), []);
  });
}, { isTls: true });
