// What can be taken along from the page that shows a secret.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

suiteOnce('beside the secret', {}, (house) => {
  const reveal = async (options) => {
    const owner = await house.owner('Acme', options);
    const keys = house.keys(owner);
    await keys.open();
    const secret = await keys.create({ name: 'Production server' });
    return { owner, keys, page: owner.page, secret };
  };

  test('a file sets the variable, and counts as a copy', async () => {
    const { keys, page, secret } = await reveal();
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download .env' }).click();
    const file = await downloading;
    assert.equal(file.suggestedFilename(), `${house.profile.name}.env`);
    assert.equal(await readFile(await file.path(), 'utf8'), `${house.profile.variable}=${secret}\n`);
    await page.getByText('Downloaded', { exact: true }).waitFor();
    await page.getByRole('dialog').getByText('Close', { exact: true }).last().click();
    await keys.row('Production server').waitFor();
    assert.equal(await keys.dialog('Close without copying?').count(), 0);
  });

  for (const javaScriptEnabled of [true, false]) {
    test(`examples in three languages read the variable, scripts ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { page, secret } = await reveal({ javaScriptEnabled });
      const { variable } = house.profile;
      const languages = [
        ['curl', `$${variable}`],
        ['TypeScript', `process.env.${variable}`],
        ['Python', `os.environ['${variable}']`],
      ];
      for (const [language, reads] of languages) {
        const radio = page.getByRole('radio', { name: language, exact: true });
        await page.getByRole('group', { name: 'Use it' }).locator('label').filter({ has: radio }).click();
        const example = page.getByLabel(`${language} example`, { exact: true });
        await example.waitFor();
        const text = await example.innerText();
        assert.ok(text.includes(reads), text);
        assert.ok(!text.includes(secret), text);
        for (const [other] of languages.filter(([it]) => it !== language)) {
          assert.equal(await page.getByLabel(`${other} example`, { exact: true }).isVisible(), false);
        }
        if (!javaScriptEnabled) continue;
        await page.getByRole('button', { name: `Copy ${language} example` }).click();
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await example.evaluate((it) => it.textContent));
      }
      // An example that was copied is no copy of the secret.
      if (javaScriptEnabled) await page.getByText('Not copied yet').waitFor();
    });
  }
});
