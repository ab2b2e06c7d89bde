// By keyboard only: no test here touches a mouse.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

const TABS_MAX = 80;

suiteOnce('by keyboard only', {}, (house) => {
  // Tabs until the element that has the focus has this name.
  const tabTo = async (page, name) => {
    for (let tab = 0; tab < TABS_MAX; tab += 1) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const it = document.activeElement;
        return (it.getAttribute('aria-label') ?? it.labels?.[0]?.innerText ?? it.innerText ?? '').trim();
      });
      if (at.startsWith(name)) return;
    }
    assert.fail(`nothing named ${name} comes within ${TABS_MAX} tabs`);
  };

  test('a key is made, copied and revoked', async () => {
    const { server, words } = house;
    const organization = await server.organization('Acme');
    const member = await server.member(organization, house.profile.roles.most);
    const { page } = await house.visitor();
    await page.goto(await server.signInLink(member));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: words.keys }).waitFor();
    await page.keyboard.press('c');
    const keys = house.keys({ page, organization });
    const form = keys.dialog(words.createTitle);
    await form.waitFor();
    const name = form.getByLabel(words.name, { exact: true });
    await page.waitForFunction((it) => document.activeElement === it, await name.elementHandle());
    await page.keyboard.type('Production server');
    await page.keyboard.press('Enter');
    const secret = await keys.revealed('Production server');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    await page.keyboard.press('Escape');
    await keys.row('Production server').waitFor();
    await tabTo(page, 'Revoke Production server');
    await page.keyboard.press('Enter');
    await keys.dialog(words.revokeTitle.replace('{name}', 'Production server')).waitFor();
    // It is on the page a moment before it takes the focus.
    await page.waitForFunction(() => document.activeElement.closest('dialog:modal'));
    await tabTo(page, words.revokeConfirm);
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: 'is revoked.' }).waitFor();
    assert.equal(await server.verdict(secret), 'api_key_revoked');
  });

  test('letters lead to places, and Escape closes', async () => {
    const { page } = await house.owner();
    const places = [['p', 'Projects'], ['m', 'Members'], ['a', 'Audit log'], ['k', house.words.keys]];
    for (const [letter, heading] of places) {
      await page.keyboard.press('g');
      await page.keyboard.press(letter);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  test('the first stop of every page skips to its content', async () => {
    const { page } = await house.owner();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  });
});
