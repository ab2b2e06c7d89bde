// A change that is made in the list changes its rows and nothing else: the page is not loaded anew.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

suiteOnce('changes in place', {}, (house) => {
  // A list of keys in a document that would forget `stays` if it were left.
  const open = async (names, query = '') => {
    const { server } = house;
    const owner = await house.owner();
    const made = new Map();
    for (const name of names) made.set(name, await server.key(owner.organization, { name }));
    const keys = house.keys(owner);
    await keys.open(query);
    await owner.page.evaluate(() => { globalThis.stays = true; });
    return { owner, keys, page: owner.page, made };
  };
  const isSame = (page) => page.evaluate(() => globalThis.stays === true);
  const focused = (page) => page.evaluate(() => document.activeElement.textContent);
  const toast = (page, text) => page.getByRole('status').filter({ hasText: text });

  test('revoking swaps the one row, says so, and hands the focus to it', async () => {
    const { keys, page, made } = await open(['Nightly export', 'Production server']);
    await keys.revoke('Production server', 'Leaked in a log');
    await toast(page, 'Production server is revoked.').waitFor();
    await keys.row('Production server').getByText('Revoked', { exact: true }).first().waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0);
    assert.equal(await focused(page), 'Production server');
    assert.deepEqual(await keys.names(), ['Production server', 'Nightly export']);
    await page.getByText('1 key. 1 revoked key is hidden.').first().waitFor();
    assert.equal(await keys.row('Production server').getByRole('link', { name: /^(Revoke|Rotate)/ }).count(), 0);
    assert.ok(await isSame(page));
    assert.equal(await house.server.verdict(made.get('Production server').secret), 'api_key_revoked');
  });

  test('switching off and on swaps the one row', async () => {
    const { keys, page, made } = await open(['Production server']);
    const { secret } = made.get('Production server');
    for (const [verb, word, code] of [['Deactivate', 'Inactive', 'api_key_inactive'], ['Activate', 'Active', 'valid']]) {
      const button = keys.row('Production server').getByRole('button', { name: `${verb} Production server` });
      await button.click();
      await toast(page, `Production server is ${word.toLowerCase()}.`).waitFor();
      await keys.row('Production server').getByText(word, { exact: true }).waitFor();
      assert.equal(await house.server.verdict(secret), code);
      assert.equal(await focused(page), 'Production server');
    }
    assert.ok(await isSame(page));
  });

  test('rotating ties the new row to the old one, and stopping the old one parts them', async () => {
    const { keys, page, made } = await open(['CI pipeline', 'Production server']);
    await keys.action('Rotate', 'CI pipeline').click();
    await page.getByRole('dialog').getByRole('button', { name: house.words.rotateConfirm }).click();
    const secret = await keys.revealed('CI pipeline');
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('dialog').getByText('Close', { exact: true }).last().click();
    await page.getByText('Old key of this pair').waitFor();
    assert.deepEqual(await keys.names(), ['Production server', 'CI pipeline', 'CI pipeline']);
    assert.equal(await focused(page), 'CI pipeline');
    assert.ok(!(await page.content()).includes(secret));
    await page.getByRole('link', { name: house.words.stopOld.replace('{name}', 'CI pipeline') }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop old key now' }).click();
    await toast(page, 'The old key of CI pipeline is stopped.').waitFor();
    await page.getByText('Old key of this pair').waitFor({ state: 'detached' });
    assert.deepEqual(await keys.names(), ['Production server', 'CI pipeline', 'CI pipeline']);
    assert.ok(await isSame(page));
    const verdicts = [await house.server.verdict(secret), await house.server.verdict(made.get('CI pipeline').secret)];
    assert.deepEqual(verdicts, ['valid', 'api_key_revoked']);
  });

  test('in a list that is narrowed, the one key that is found is swapped', async () => {
    const { server } = house;
    const { keys, page, made } = await open(['CI pipeline', 'Production server']);
    const old = made.get('CI pipeline');
    await server.expect(200, 'POST', `/v1/keys/${old.id}/rotate`, { grace: '24h' });
    await keys.open();
    await page.getByLabel('Status').selectOption('Rotating out');
    await keys.row('Production server').waitFor({ state: 'detached' });
    assert.deepEqual(await keys.names(), ['CI pipeline']);
    await keys.row('CI pipeline').getByText('Rotating out').waitFor();
    await page.waitForURL((url) => url.searchParams.get('status') === 'rotating');
    await page.getByRole('link', { name: house.words.stopOld.replace('{name}', 'CI pipeline') }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop old key now' }).click();
    await keys.row('CI pipeline').getByText('Revoked', { exact: true }).first().waitFor();
    assert.equal(await server.verdict(old.secret), 'api_key_revoked');
  });

  test('a change that was overtaken says so and leaves the row', async () => {
    const { server } = house;
    const { keys, page, made } = await open(['Production server']);
    const { id } = made.get('Production server');
    await server.expect(200, 'DELETE', `/v1/keys/${id}`);
    await keys.row('Production server').getByRole('button', { name: 'Deactivate Production server' }).click();
    await page.getByRole('alert').filter({ hasText: 'no such key' }).waitFor();
    assert.ok(await isSame(page));
  });

  test('what was done leads to its entry in the audit log, for whoever may read that', async () => {
    const { owner, keys, page } = await open(['Production server']);
    await house.server.key(owner.organization, { name: 'Made at the same time' });
    await keys.revoke('Production server', 'Leaked in a log');
    await toast(page, 'is revoked.').getByRole('link', { name: 'Audit entry' }).click();
    await page.getByRole('heading', { level: 1, name: 'Audit log' }).waitFor();
    const first = page.getByRole('main').getByRole('listitem').first();
    await first.getByText('Leaked in a log').waitFor();
    const { roles } = house.profile;
    const maker = await house.signedIn(owner.organization, roles.makes);
    const theirs = house.keys(maker);
    await theirs.open();
    await theirs.revoke('Made at the same time');
    await toast(maker.page, 'is revoked.').waitFor();
    assert.equal(await maker.page.getByRole('link', { name: 'Audit entry' }).count(), 0);
  });
});
