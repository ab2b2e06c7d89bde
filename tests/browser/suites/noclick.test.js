// What NoClick says of its pages. Titles begin with the requirements that they prove.
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';

import { suiteOf } from '../driver/house.js';

const SECRET = /^nk_live_[0-9a-f]{64}$/;

suiteOf('noclick', 'what its documentation says', {}, (house) => {
  // An account with three workflows, at its keys.
  const open = async (options) => {
    const owner = await house.owner('Dana Fox', options);
    const { organization, page } = owner;
    const { server } = house;
    await server.expect(201, 'POST', '/v1/projects', { organization, id: 'default', name: 'Default' });
    for (const [id, name] of [['wf1', 'Invoice intake'], ['wf2', 'Weekly digest'], ['wf3', 'Signup mail']]) {
      const path = `/v1/resources/project/default/workflow/${id}?organization=${organization}`;
      await server.expect(201, 'PUT', path, { name });
    }
    const keys = house.keys(owner);
    await keys.open();
    const form = page.getByRole('form', { name: 'Create API key' });
    const create = async (name, workflow) => {
      await form.getByLabel('Key Name', { exact: true }).fill(name);
      if (workflow) await form.locator('label').filter({ hasText: workflow }).click();
      await form.getByRole('button', { name: 'Create', exact: true }).click();
      return keys.revealed(name);
    };
    const dismiss = async () => {
      await page.getByRole('button', { name: 'Copy', exact: true }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      await page.getByRole('link', { name: 'Dismiss' }).click();
      await page.getByRole('link', { name: 'Dismiss' }).waitFor({ state: 'detached' });
    };
    const grants = async () => (await owner.call('GET', '/v1/keys')).body.data[0].grants;
    return { owner, page, keys, form, create, dismiss, grants };
  };
  const banner = (page) => page.getByRole('region', { name: /Copy the secret now\.$/ });

  test('NC-3 Settings, Developer has the form and the list on one page', async () => {
    const { keys, form, create, dismiss } = await open();
    await create('Shop dashboard');
    await dismiss();
    await keys.walk();
    await form.waitFor();
    await keys.row('Shop dashboard').waitFor();
  });

  test('NC-4 NC-7 the form asks for a key name, and says to name the place of use', async () => {
    const { form, page, create, dismiss, keys, owner } = await open();
    await form.getByText(/^Name the place .*My Dashboard App/).waitFor();
    await form.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByText('Give the key a name.').waitFor();
    const long = await owner.post('/keys/new', { name: 'x'.repeat(101), attempt: 'long' });
    assert.equal(long.status, 422);
    assert.ok(long.text.includes('Use at most 100 characters; this has 101.'));
    await create('Same name');
    await dismiss();
    await create('Same name');
    assert.deepEqual(await keys.names(), ['Same name', 'Same name']);
  });

  test('NC-5 NC-7 the scope is all workflows, or the one that was searched for', async () => {
    const { form, create, grants, keys } = await open();
    const scope = form.getByRole('group', { name: 'Scope', exact: true });
    assert.equal(await scope.getByRole('radio', { name: /^All workflows/ }).isChecked(), true);
    assert.equal(await scope.getByRole('radio').count(), 4);
    await scope.getByRole('searchbox', { name: 'Search workflows' }).fill('digest');
    await scope.getByText('1 matches.').waitFor();
    assert.equal(await scope.getByRole('radio').count(), 2);
    const secret = await create('Intake form', 'Weekly digest');
    assert.deepEqual((await grants()).map((it) => it.resource), ['project/default/workflow/wf2']);
    const asked = (id) => house.server.verdict(secret, { permissions: ['read'], resource: `project/default/workflow/${id}` });
    assert.deepEqual([await asked('wf2'), await asked('wf1')], ['valid', 'out_of_scope']);
    await keys.row('Intake form').getByText('Weekly digest', { exact: true }).waitFor();
  });

  const shownOnce = async (javaScriptEnabled) => {
    const { page, create, dismiss, owner } = await open({ javaScriptEnabled });
    const secret = await create('Shop dashboard');
    assert.match(secret, SECRET);
    await banner(page).getByText(/Only a hash of it is kept/).waitFor();
    if (javaScriptEnabled) {
      await owner.axe();
      await owner.fits();
      await owner.screen('noclick-banner');
      await dismiss();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
    }
    const [{ id }] = (await owner.call('GET', '/v1/keys')).body.data;
    for (const place of ['/keys', '/keys?revoked=on', `/keys/${id}`]) {
      await page.goto(place);
      assert.ok(!(await page.content()).includes(secret.slice(12)), place);
    }
  };

  test('NC-6 NC-7 the key is shown once, in a banner that says that only a hash is kept', async () => {
    await shownOnce(true);
  });

  test('NC-6 without scripts the key is shown once too', async () => {
    await shownOnce(false);
  });

  test('NC-15 the form offers no permissions, and the key may all that its owner may', async () => {
    const { form, create, grants } = await open();
    assert.equal(await form.getByText(/permission/i).count(), 0);
    assert.equal(await form.getByRole('checkbox').count(), 0);
    const secret = await create('Shop dashboard');
    assert.deepEqual(await grants(), [{ inherit: true, resource: '*' }]);
    const permissions = ['read', 'execute', 'write'];
    assert.equal(await house.server.verdict(secret, { permissions }), 'valid');
  });

  test('NC-35 NC-36 NC-38 NC-42 NC-43 a trash icon revokes after a question; the key stays behind a switch', async () => {
    const { page, keys, owner } = await open();
    const key = await house.server.key(owner.organization, { name: 'Old widget' });
    await house.server.key(owner.organization, { name: 'New widget' });
    await keys.open();
    const columns = await keys.table.getByRole('columnheader').allInnerTexts();
    assert.deepEqual(columns, ['Name', 'Key', 'Scope', 'Status', 'Created', 'Last used', 'Actions']);
    const row = keys.row('Old widget');
    assert.equal(await row.getByRole('cell').filter({ hasText: 'Never' }).count(), 1);
    const links = row.getByRole('cell').getByRole('link');
    assert.deepEqual(await links.count(), 1);
    assert.equal(await links.locator('use[href$="#trash"]').count(), 1);
    assert.equal(await house.server.verdict(key.secret), 'valid');
    // What was counted is written every ten seconds.
    for (let tries = 0; (await row.getByText('Never', { exact: true }).count()) > 0; tries += 1) {
      assert.ok(tries < 30, 'the use of the key is not shown');
      await setTimeout(1_000);
      await keys.open();
    }
    await row.getByRole('cell').locator('time').nth(1).waitFor();
    await keys.revoke('Old widget');
    await page.getByText(/In force everywhere after \d+ ms/).waitFor();
    assert.equal(await house.server.verdict(key.secret), 'api_key_revoked');
    await keys.open();
    assert.deepEqual(await keys.names(), ['New widget']);
    await page.getByRole('switch', { name: 'Show revoked keys' }).check();
    await keys.row('Old widget').getByText('Revoked', { exact: true }).first().waitFor();
    assert.equal(await keys.row('Old widget').getByRole('link', { name: /^Revoke/ }).count(), 0);
  });

  test('NC-20 NC-40 NC-41 the help says how to keep a key safe, and why to scope it', async () => {
    const { page } = await open();
    const help = page.getByRole('complementary', { name: 'Help' });
    for (const advice of [/like a password/, /environment variables, out of source control and out of code that runs in a browser/, /one workflow whenever that is enough.* reaches nothing else/]) {
      await help.getByText(advice).waitFor();
    }
  });

  test('NC-9 a row has the first twelve characters of a key, and nothing of its end', async () => {
    const { keys, create, dismiss } = await open();
    const secret = await create('Shop dashboard');
    await dismiss();
    const row = await keys.row('Shop dashboard').innerText();
    assert.ok(row.includes(secret.slice(0, 12)), row);
    assert.ok(!row.includes(secret.slice(0, 13)) && !row.includes(secret.slice(-4)), row);
  });

  test('NC-23 a managed key is in no list', async () => {
    const { keys, create, owner } = await open();
    const grants = [{ permissions: ['read'], resource: 'project/default/workflow/wf1' }];
    const body = { organization: owner.organization, name: 'Application of wf1', managed_by: 'publish', grants };
    await house.server.expect(201, 'POST', '/v1/keys', body);
    await create('Mine');
    assert.deepEqual(await keys.names(), ['Mine']);
  });

  test('NC-28 the help leads to a guide that names every call', async () => {
    const { page } = await open();
    await page.getByRole('complementary', { name: 'Help' }).getByRole('link', { name: /over WebSocket/ }).click();
    await page.getByRole('heading', { level: 1, name: 'External applications' }).waitFor();
    await page.getByRole('heading', { name: 'Calls' }).waitFor();
    await page.getByText('workflow:get_node_outputs').waitFor();
  });
});
