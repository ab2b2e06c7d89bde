// All that matters works with JavaScript switched off.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

suiteOnce('without JavaScript', {}, (house) => {
  test('a key is made, found, rotated and revoked', async () => {
    const { server, words } = house;
    const owner = await house.owner('Acme', { javaScriptEnabled: false });
    const { page } = owner;
    const keys = house.keys(owner);
    await keys.open();
    const secret = await keys.create({ name: 'Production server' });
    const asked = { permissions: [house.profile.permission] };
    assert.equal(await server.verdict(secret, asked), 'valid');
    await page.getByText('Close', { exact: true }).last().click();
    await keys.row('Production server').waitFor();
    await server.key(owner.organization, { name: 'Nightly export' });
    await page.getByRole('searchbox', { name: words.search }).fill('Production');
    await page.getByRole('button', { name: 'Apply' }).click();
    assert.deepEqual(await keys.names(), ['Production server']);
    await keys.action('Rotate', 'Production server').click();
    await page.getByRole('button', { name: words.rotateConfirm }).click();
    const next = await keys.revealed('Production server');
    assert.equal(await server.verdict(next, asked), 'valid');
    const [{ id }] = (await owner.call('GET', '/v1/keys')).body.data.filter((it) => next.includes(it.id));
    await page.goto(`/keys/${id}/revoke`);
    await page.getByLabel('Reason').fill('No longer needed');
    await page.getByRole('button', { name: words.revokeConfirm }).click();
    await page.getByRole('status').filter({ hasText: 'Production server is revoked.' }).waitFor();
    assert.equal(await server.verdict(next), 'api_key_revoked');
  });

  test('a key is switched off and on from the list', async () => {
    const { server } = house;
    const owner = await house.owner('Acme', { javaScriptEnabled: false });
    const key = await server.key(owner.organization, { name: 'Production server' });
    const keys = house.keys(owner);
    for (const [verb, code] of [['Deactivate', 'api_key_inactive'], ['Activate', 'valid']]) {
      await keys.open();
      await keys.row('Production server').getByRole('button', { name: `${verb} Production server` }).click();
      await owner.page.getByRole('status').filter({ hasText: 'Production server is' }).waitFor();
      assert.equal(await server.verdict(key.secret), code);
    }
  });

  test('a wrong form is shown again with what was typed', async () => {
    const owner = await house.owner('Acme', { javaScriptEnabled: false });
    const keys = house.keys(owner);
    await keys.open();
    const form = await keys.form();
    await keys.fill(form, { name: ' ', description: 'Three machines' });
    await form.getByRole('button', { name: house.words.create, exact: true }).click();
    await owner.page.getByText('Give the key a name.').waitFor();
    assert.equal(await owner.page.getByLabel('Description').inputValue(), 'Three machines');
  });

  test('a role is changed by a button', async () => {
    const { server, profile } = house;
    const owner = await house.owner('Acme', { javaScriptEnabled: false });
    const other = await server.member(owner.organization, profile.roles.makes, { name: 'Oskar Brandt' });
    await owner.page.goto('/members');
    await owner.page.getByLabel('Role of Oskar Brandt').selectOption(profile.roles.sees);
    await owner.page.getByRole('button', { name: 'Save' }).click();
    await owner.page.getByRole('status').filter({ hasText: 'Oskar Brandt' }).waitFor();
    assert.equal((await server.expect(200, 'GET', `/v1/members/${other.id}`)).role, profile.roles.sees);
  });
});
