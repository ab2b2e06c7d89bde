// What was done, by whom; and who may manage the server by key.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

suiteOnce('the audit log', {}, (house) => {
  test('an entry says who did what, and opens to its facts', async () => {
    const owner = await house.owner();
    await house.server.key(owner.organization, { name: 'Production server' });
    const keys = house.keys(owner);
    await keys.open();
    await keys.revoke('Production server', 'Leaked in a log');
    await owner.page.getByRole('status').waitFor();
    await owner.page.goto('/audit');
    const entry = owner.page.getByRole('listitem').filter({ hasText: /Revoked.*Production server/i });
    await entry.getByText(owner.member.name).first().waitFor();
    await entry.locator('summary').click();
    await entry.getByText('Leaked in a log').waitFor();
  });

  test('filters narrow the entries, and what they show can be exported', async () => {
    const owner = await house.owner();
    const { page } = owner;
    const { server } = house;
    await server.key(owner.organization, { name: 'Production server' });
    const ended = await server.key(owner.organization, { name: 'Old job' });
    await server.expect(200, 'POST', `/v1/keys/${ended.id}/revoke`);
    await page.goto('/audit');
    await page.getByText('Production server').first().waitFor();
    const action = page.getByLabel('Action');
    const revoked = (await action.getByRole('option').allInnerTexts()).find((it) => /revoked/i.test(it));
    await action.selectOption(revoked);
    await page.getByRole('main').getByText('Production server').first().waitFor({ state: 'detached' });
    await page.getByRole('main').getByText('Old job').first().waitFor();
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export' }).click();
    const text = await readFile(await (await downloading).path(), 'utf8');
    assert.ok(text.includes('key.revoked') || text.includes('revoke'), text.slice(0, 400));
    assert.ok(!text.includes(ended.secret));
  });

  test('a management key is made, shown once, and revoked', async () => {
    const owner = await house.owner();
    const { page } = owner;
    await page.goto('/management-keys');
    await page.getByRole('link', { name: /^Create/ }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('Terraform');
    await page.getByRole('radio', { name: /read-only/ }).check();
    await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
    const secret = await page.getByLabel(/Secret of Terraform/).inputValue();
    const bearer = { authorization: `Bearer ${secret}` };
    assert.equal((await house.server.call('GET', '/v1/keys', undefined, bearer)).status, 200);
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    await page.goto('/management-keys');
    assert.ok(!(await page.content()).includes(secret));
    await page.getByRole('link', { name: 'Revoke Terraform' }).click();
    await page.getByRole('dialog').getByRole('button', { name: /^Revoke/ }).click();
    await page.getByRole('status').filter({ hasText: 'Terraform' }).waitFor();
    assert.equal((await house.server.call('GET', '/v1/keys', undefined, bearer)).status, 401);
  });
});

suiteOnce('projects', {}, (house) => {
  test('a project shows its keys and limits, and a key made there belongs to it', async () => {
    const owner = await house.owner();
    const { page } = owner;
    await page.goto('/projects');
    await page.getByRole('link', { name: 'Create project' }).click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Search');
    await page.getByRole('dialog').getByRole('button', { name: 'Create project' }).click();
    await page.getByRole('status').filter({ hasText: 'Search' }).waitFor();
    await page.goto('/projects');
    await page.getByRole('rowheader').getByRole('link', { name: 'Search' }).click();
    await page.getByRole('heading', { level: 1, name: 'Search' }).waitFor();
    const tab = page.getByRole('navigation', { name: 'Project' }).getByRole('link', { name: /API keys/ });
    assert.equal(await tab.getAttribute('aria-current'), 'page');
    const keys = house.keys(owner);
    const secret = await keys.create({ name: 'Search page' });
    const [key] = (await owner.call('GET', '/v1/keys')).body.data;
    assert.equal(page.url().includes(secret), false);
    assert.match(key.project, /^prj_/);
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    await page.goto('/limits');
    const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: /Search/ }) });
    assert.equal(await row.getByRole('cell').first().innerText(), '1');
  });
});
