// Own settings, and signing in with the password that is set there.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

const PASSWORD = 'correct horse battery staple';

suiteOnce('settings', {}, (house) => {
  const setPassword = async (visitor, password) => {
    const { page } = visitor;
    await page.goto('/settings');
    await page.getByLabel('New password', { exact: true }).fill(password);
    const answered = page.waitForResponse((it) => it.request().method() === 'POST');
    await page.getByRole('button', { name: /^(Set|Change) password$/ }).click();
    return (await answered).status();
  };
  const signIn = async (page, email, password, next = '') => {
    await page.goto(`/sign-in${next && `?next=${encodeURIComponent(next)}`}`);
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };

  test('a password is set, signs in, and leads back to the page that was asked for', async () => {
    const owner = await house.owner();
    await setPassword(owner, PASSWORD);
    await owner.page.getByRole('status').first().waitFor();
    const other = await house.visitor();
    await other.page.goto('/members');
    await other.page.getByLabel('E-mail').fill(owner.member.email);
    await other.page.getByLabel('Password').fill(PASSWORD);
    await other.page.getByRole('button', { name: 'Sign in' }).click();
    await other.page.getByRole('heading', { level: 1, name: 'Members' }).waitFor();
    assert.equal(new URL(other.page.url()).pathname, '/members');
  });

  test('a short password is refused by the field, and by the server', async () => {
    const owner = await house.owner();
    const { page } = owner;
    await page.goto('/settings');
    const field = page.getByLabel('New password', { exact: true });
    await field.fill('only14letters!');
    assert.equal(await field.evaluate((it) => it.validity.tooShort), true);
    await field.evaluate((it) => it.removeAttribute('minlength'));
    const answered = page.waitForResponse((it) => it.request().method() === 'POST');
    await page.getByRole('button', { name: 'Set password' }).click();
    assert.equal((await answered).status(), 422);
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.equal(await field.inputValue(), '');
    await page.getByText('None yet').waitFor();
  });

  test('after signing in nobody is led to another site', async () => {
    const owner = await house.owner();
    await setPassword(owner, PASSWORD);
    await owner.page.getByRole('status').first().waitFor();
    const { page } = await house.visitor();
    for (const next of ['//evil.example', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)', '/\t/evil.example', '@evil.example']) {
      await signIn(page, owner.member.email, PASSWORD, next);
      await page.getByRole('heading', { level: 1, name: house.words.keys }).waitFor();
      assert.equal(page.url(), `${house.server.url}/keys`, next);
      await page.context().clearCookies();
    }
  });

  test('signing out everywhere ends the sessions of every machine', async () => {
    const owner = await house.owner();
    const elsewhere = await house.visitor();
    await elsewhere.open(await house.server.signInLink(owner.member));
    const stranger = await house.owner('Globex');
    await owner.page.goto('/settings');
    await owner.page.getByRole('button', { name: 'Sign out everywhere' }).click();
    for (const { page } of [owner, elsewhere]) {
      await page.goto('/keys');
      await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    }
    await stranger.page.goto('/keys');
    await stranger.page.getByRole('heading', { level: 1, name: house.words.keys }).waitFor();
  });

  test('a new password ends the other sessions', async () => {
    const owner = await house.owner();
    const elsewhere = await house.visitor();
    await elsewhere.open(await house.server.signInLink(owner.member));
    await setPassword(owner, PASSWORD);
    await owner.page.getByRole('status').first().waitFor();
    assert.equal((await elsewhere.call('GET', '/v1/keys')).status, 401);
  });
});
