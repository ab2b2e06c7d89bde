// A profile may show a secret above the list instead of over it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

suiteOnce('a secret in a banner', {}, (house) => {
  const banner = (page) => page.getByRole('region', { name: /Copy the secret now\.$/ });

  for (const javaScriptEnabled of [true, false]) {
    test(`it stands above the list once, scripts ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const owner = await house.owner('Acme', { javaScriptEnabled });
      const { page } = owner;
      await house.server.key(owner.organization, { name: 'Nightly export' });
      const keys = house.keys(owner);
      await keys.open();
      const secret = await keys.create({ name: 'Production server' });
      await banner(page).waitFor();
      assert.deepEqual(await keys.names(), ['Production server', 'Nightly export']);
      assert.equal(await house.server.verdict(secret), 'valid');
      if (javaScriptEnabled) {
        await owner.axe();
        await owner.fits();
        await owner.screen(`${house.profile.name}-banner`);
        await page.getByRole('link', { name: 'Dismiss' }).click();
        await keys.dialog('Close without copying?').getByRole('button', { name: 'Back to the secret' }).click();
        await page.getByRole('button', { name: 'Copy', exact: true }).click();
        await page.getByRole('button', { name: 'Copied' }).waitFor();
      }
      await page.getByRole('link', { name: 'Dismiss' }).click();
      await banner(page).waitFor({ state: 'detached' });
      assert.deepEqual(await keys.names(), ['Production server', 'Nightly export']);
      await page.reload();
      assert.ok(!(await page.content()).includes(secret));
      assert.equal((await owner.call('GET', '/v1/keys')).body.data.length, 2);
    });
  }

  test('so does the secret of a rotated key', async () => {
    const owner = await house.owner();
    const { page } = owner;
    const key = await house.server.key(owner.organization, { name: 'CI pipeline' });
    const keys = house.keys(owner);
    await keys.open();
    await keys.action('Rotate', 'CI pipeline').click();
    await page.getByRole('dialog').getByRole('button', { name: house.words.rotateConfirm }).click();
    const secret = await keys.revealed('CI pipeline');
    await banner(page).waitFor();
    assert.notEqual(secret, key.secret);
    assert.deepEqual(await keys.names(), ['CI pipeline', 'CI pipeline']);
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
  });
}, { pages: 'reveal = "banner"' });
