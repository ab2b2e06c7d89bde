// The life of a key, as a person lives it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

const IN_FORCE = /In force everywhere after \d+ ms/;

suiteOnce('keys', {}, (house) => {
  const open = async (name) => {
    const owner = await house.owner(name);
    const keys = house.keys(owner);
    return { owner, keys, page: owner.page, organization: owner.organization };
  };

  test('an organization without keys is told what a key is and how to make one', async () => {
    const { keys, page } = await open();
    await keys.open();
    await page.getByRole('heading', { name: house.words.empty }).waitFor();
    const steps = page.getByRole('main').getByRole('listitem').getByRole('heading');
    assert.deepEqual(await steps.allInnerTexts(), ['Create', 'Store', 'Call']);
    await page.getByRole('link', { name: house.words.createFirst }).click();
    await keys.dialog(house.words.createTitle).waitFor();
  });

  test('a form that is not right says so at the field, keeps what was typed, and makes no key', async () => {
    const { keys, page, organization } = await open();
    await keys.open();
    const form = await keys.form();
    await keys.fill(form, { name: '   ', description: 'Three machines' });
    const answered = page.waitForResponse((it) => it.request().method() === 'POST');
    await form.getByRole('button', { name: house.words.create, exact: true }).click();
    assert.equal((await answered).status(), 422);
    const name = keys.dialog(house.words.createTitle).getByLabel(house.words.name, { exact: true });
    await page.getByText('Give the key a name.').waitFor();
    assert.equal(await name.getAttribute('aria-invalid'), 'true');
    assert.equal(await name.evaluate((it) => it === document.activeElement), true);
    assert.equal(await keys.dialog(house.words.createTitle).getByLabel('Description').inputValue(), 'Three machines');
    const listed = await house.server.expect(200, 'GET', `/v1/keys?organization=${organization}`);
    assert.deepEqual(listed.data, []);
  });

  test('a key is made, its secret is shown and copied, and it works at once', async () => {
    const { keys, page, owner } = await open();
    await keys.open();
    const { permission } = house.profile;
    const secret = await keys.create({ name: 'Production server', permission });
    assert.ok(secret.startsWith(house.profile.prefix.live));
    const other = { permissions: [house.profile.otherPermission] };
    assert.equal(await house.server.verdict(secret, other), 'insufficient_permissions');
    const asked = { permissions: [house.profile.permission] };
    assert.equal(await house.server.verdict(secret, asked), 'valid');
    assert.equal(await page.getByLabel('Secret of Production server').getAttribute('readonly'), '');
    await keys.copyAndClose();
    assert.equal(await owner.page.evaluate(() => navigator.clipboard.readText()), secret);
    assert.deepEqual(await keys.names(), ['Production server']);
    assert.ok(!(await page.content()).includes(secret));
  });

  test('closing a secret that was not copied asks first', async () => {
    const { keys, page } = await open();
    await keys.open();
    const secret = await keys.create({ name: 'Lost server' });
    const reveal = keys.dialog(house.words.created);
    await reveal.getByText('Close', { exact: true }).last().click();
    const question = keys.dialog('Close without copying?');
    await question.getByRole('button', { name: 'Back to the secret' }).click();
    assert.equal(await keys.revealed('Lost server'), secret);
    await page.keyboard.press('Escape');
    await question.waitFor();
    await question.getByRole('button', { name: 'Close anyway' }).click();
    await keys.row('Lost server').waitFor();
    assert.ok(!(await page.content()).includes(secret));
  });

  test('the list shows the columns of the profile, and is found by name, id and last four', async () => {
    const { keys, page, organization } = await open();
    const made = [];
    for (const name of ['Production server', 'Nightly export']) {
      made.push(await house.server.key(organization, { name }));
    }
    await house.server.key(organization, { name: 'Staging checks', environment: 'test' });
    await keys.open();
    assert.deepEqual(await keys.table.getByRole('columnheader').allInnerTexts(), house.profile.columns);
    assert.deepEqual((await keys.names()).sort(), ['Nightly export', 'Production server', 'Staging checks']);
    const search = page.getByRole('searchbox', { name: house.words.search });
    for (const [text, found] of [
      ['nightly', 'Nightly export'],
      [made[0].id, 'Production server'],
      [made[1].suffix, 'Nightly export'],
    ]) {
      await search.fill(text);
      await keys.row(found).waitFor();
      await page.waitForURL((url) => url.searchParams.get('q') === text);
      await page.waitForFunction((name) => document.querySelectorAll('tbody th').length === 1 && document.querySelector('tbody th').textContent.includes(name), found);
      assert.deepEqual(await keys.names(), [found]);
    }
    await keys.open('?q=Staging');
    assert.deepEqual(await keys.names(), ['Staging checks']);
    await search.fill('no such key');
    await page.getByRole('main').getByText(/No key/).first().waitFor();
  });

  test('filters narrow the list, and revoked keys hide until they are asked for', async () => {
    const { keys, page, organization } = await open();
    const { server } = house;
    await server.key(organization, { name: 'In use' });
    await server.key(organization, { name: 'On trial', environment: 'test' });
    const stopped = await server.key(organization, { name: 'Paused' });
    await server.expect(200, 'POST', `/v1/keys/${stopped.id}/deactivate`);
    const ended = await server.key(organization, { name: 'Old job' });
    await server.expect(200, 'POST', `/v1/keys/${ended.id}/revoke`);
    await keys.open();
    assert.deepEqual((await keys.names()).sort(), ['In use', 'On trial', 'Paused']);
    await page.getByRole('main').getByText('1 revoked key').first().waitFor();
    await page.getByLabel('Environment').selectOption('test');
    await keys.row('In use').waitFor({ state: 'detached' });
    assert.deepEqual(await keys.names(), ['On trial']);
    await page.getByLabel('Environment').selectOption({ index: 0 });
    await page.getByLabel('Status').selectOption('Inactive');
    await keys.row('On trial').waitFor({ state: 'detached' });
    await keys.row('Paused').getByText('Inactive').waitFor();
    await page.getByLabel('Status').selectOption({ index: 0 });
    await keys.row('In use').waitFor();
    await page.getByRole('switch', { name: house.words.showRevoked }).check();
    await keys.row('Old job').getByText('Revoked', { exact: true }).first().waitFor();
    assert.equal(await keys.row('Old job').getByRole('link', { name: /^(Revoke|Rotate)/ }).count(), 0);
  });

  test('a key is revoked after a question, and refused at once', async () => {
    const { keys, page, organization } = await open();
    const key = await house.server.key(organization, { name: 'Production server' });
    await keys.open();
    await keys.action('Revoke', 'Production server').click();
    const question = keys.dialog(house.words.revokeTitle.replace('{name}', 'Production server'));
    const cancel = question.getByText('Cancel', { exact: true });
    assert.equal(await cancel.evaluate((it) => it === document.activeElement), true);
    await cancel.click();
    await question.waitFor({ state: 'hidden' });
    assert.equal(await house.server.verdict(key.secret), 'valid');
    await keys.revoke('Production server', 'Leaked in a log');
    const told = page.getByRole('status').filter({ hasText: 'Production server is revoked.' });
    await told.waitFor();
    assert.match(await told.innerText(), IN_FORCE);
    assert.equal(await house.server.verdict(key.secret), 'api_key_revoked');
    const kept = await house.server.expect(200, 'GET', `/v1/keys/${key.id}`);
    assert.equal(kept.revoked_reason, 'Leaked in a log');
  });

  test('a key is rotated: both work until the old one is stopped', async () => {
    const { keys, page, organization } = await open();
    const { server, words } = house;
    const key = await server.key(organization, { name: 'CI pipeline' });
    await keys.open();
    await keys.action('Rotate', 'CI pipeline').click();
    const form = keys.dialog('Rotate “CI pipeline”');
    await form.getByText('in 1 hour', { exact: true }).click();
    await form.getByRole('button', { name: words.rotateConfirm }).click();
    const secret = await keys.revealed('CI pipeline');
    assert.notEqual(secret, key.secret);
    assert.deepEqual([await server.verdict(secret), await server.verdict(key.secret)], ['valid', 'valid']);
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('dialog').getByText('Close', { exact: true }).last().click();
    await keys.table.getByText('Rotating out').waitFor();
    await page.getByRole('link', { name: words.stopOld.replace('{name}', 'CI pipeline') }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop old key now' }).click();
    await page.getByRole('status').filter({ hasText: IN_FORCE }).waitFor();
    assert.deepEqual([await server.verdict(secret), await server.verdict(key.secret)], ['valid', 'api_key_revoked']);
  });

  test('an edit that another one overtook is not saved', async () => {
    const { page, organization } = await open();
    const { server } = house;
    const key = await server.key(organization, { name: 'Production server' });
    await page.goto(`/keys/${key.id}`);
    await page.getByRole('heading', { level: 1, name: 'Production server' }).waitFor();
    await page.getByRole('link', { name: 'Edit', exact: true }).first().click();
    const form = page.getByRole('dialog');
    await form.getByLabel(house.words.name, { exact: true }).fill('Mine');
    const headers = { authorization: `Bearer ${server.rootKey}`, 'if-match': '*' };
    const other = await server.call('PATCH', `/v1/keys/${key.id}`, { name: 'Theirs' }, headers);
    assert.equal(other.status, 200, other.text);
    const answered = page.waitForResponse((it) => it.request().method() === 'POST');
    await form.getByRole('button', { name: 'Save' }).click();
    assert.equal((await answered).status(), 412);
    await page.getByText('Not saved. Someone changed this key while you were editing.').waitFor();
    assert.equal((await server.expect(200, 'GET', `/v1/keys/${key.id}`)).name, 'Theirs');
  });

  test('a key is renamed, deactivated and activated on its own page', async () => {
    const { page, organization } = await open();
    const { server } = house;
    const key = await server.key(organization, { name: 'Production server' });
    await page.goto(`/keys/${key.id}`);
    await page.getByRole('link', { name: 'Edit', exact: true }).first().click();
    const form = page.getByRole('dialog');
    await form.getByLabel(house.words.name, { exact: true }).fill('Blue server');
    await form.getByLabel('Description').fill('Behind the load balancer');
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'Blue server' }).waitFor();
    await page.getByText('Behind the load balancer').waitFor();
    for (const [verb, code] of [['Deactivate', 'api_key_inactive'], ['Activate', 'valid']]) {
      await page.getByRole('button', { name: verb, exact: true }).click();
      const word = verb === 'Activate' ? 'active' : 'inactive';
      const done = page.getByRole('status').filter({ hasText: `Blue server is ${word}.` });
      await done.waitFor();
      assert.match(await done.innerText(), IN_FORCE);
      assert.equal(await server.verdict(key.secret), code);
    }
  });
});
