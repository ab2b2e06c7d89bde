// Where a key may do what: chosen in the form, a grant at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

suiteOnce('grants', {}, (house) => {
  const scene = async (options) => {
    const { server } = house;
    const owner = await house.owner('Acme', options);
    const ids = {};
    for (const name of ['Search', 'Billing', 'Ingest']) ids[name] = await server.project(owner.organization, name);
    const keys = house.keys(owner);
    await keys.open();
    return { owner, keys, page: owner.page, ids };
  };
  const group = (form, name) => form.getByRole('group', { name, exact: true });
  const choose = async (page, fields, name) => {
    const radio = page.getByRole('radio', { name });
    await fields.locator('label').filter({ has: radio }).click();
  };
  const permit = async (page, fields, words) => {
    await choose(page, fields, house.words.choosePermissions);
    await fields.getByRole('textbox', { name: 'Permissions' }).fill(words);
  };
  const submit = (form) => form.getByRole('button', { name: house.words.create, exact: true }).click();
  const grantsOf = async (owner) => (await owner.call('GET', '/v1/keys')).body.data[0].grants;

  test('a project is searched for, and the key works there alone', async () => {
    const { owner, keys, page, ids } = await scene();
    const { server, profile } = house;
    const form = await keys.form();
    await keys.fill(form, { name: 'Price feed' });
    await permit(page, group(form, 'What it may do'), profile.permission);
    const where = group(form, 'Where it may do it');
    const search = where.getByRole('searchbox', { name: 'Search projects and resources' });
    await search.fill('bill');
    await where.getByText('1 matches.').waitFor();
    assert.equal(await where.getByRole('radio').count(), 2);
    await search.press('Enter');
    await choose(page, where, /Billing/);
    await submit(form);
    const secret = await keys.revealed('Price feed');
    const resource = `project/${ids.Billing}`;
    assert.deepEqual(await grantsOf(owner), [{ permissions: [profile.permission], resource }]);
    const verdict = (place) => server.verdict(secret, { permissions: [profile.permission], resource: place });
    assert.equal(await verdict(`${resource}/index/eu`), 'valid');
    assert.equal(await verdict(`project/${ids.Search}`), 'out_of_scope');
  });

  for (const javaScriptEnabled of [true, false]) {
    test(`several grants are given at once, scripts ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { owner, keys, page, ids } = await scene({ javaScriptEnabled });
      const { profile } = house;
      let form = await keys.form();
      await keys.fill(form, { name: 'Price feed', description: 'Three machines' });
      await permit(page, group(form, 'What it may do'), profile.permission);
      await choose(page, group(form, 'Where it may do it'), /Search/);
      await group(form, 'Where it may do it').getByLabel('Only below').fill('index/eu');
      for (const number of [2, 3]) {
        await form.getByRole('button', { name: 'Add a grant' }).click();
        form = keys.dialog(house.words.createTitle);
        await group(form, `Grant ${number}`).waitFor();
      }
      await permit(page, group(form, 'Grant 2'), 'never.sent');
      await form.getByRole('button', { name: 'Take away grant 2' }).click();
      form = keys.dialog(house.words.createTitle);
      await group(form, 'Grant 3').waitFor({ state: 'detached' });
      await choose(page, group(form, 'Grant 2'), 'A role');
      await group(form, 'Grant 2').getByRole('radio', { name: /^Viewer/ }).check();
      await choose(page, group(form, 'Where grant 2 holds'), /Ingest/);
      assert.equal(await form.getByLabel('Description').inputValue(), 'Three machines');
      await submit(form);
      await keys.revealed('Price feed');
      assert.deepEqual(await grantsOf(owner), [
        { permissions: [profile.permission], resource: `project/${ids.Search}/index/eu` },
        { role: profile.roles.sees, resource: `project/${ids.Ingest}` },
      ]);
    });
  }

  test('a key of a project reaches into it and nowhere else', async () => {
    const { owner, keys, page, ids } = await scene();
    const form = await keys.form();
    await keys.fill(form, { name: 'Price feed' });
    await choose(page, group(form, 'Where it may do it'), /Ingest/);
    await form.getByLabel('Project', { exact: false }).first().selectOption('Search');
    const where = form.getByRole('group', { name: 'Where it may do it inside Search' });
    await where.getByText('Everything in Search').waitFor();
    await choose(page, where, /Everything in Search/);
    await where.getByLabel('Only below').fill('../billing');
    const asked = page.waitForResponse((it) => it.request().method() === 'POST');
    await submit(form);
    assert.equal((await asked).status(), 422);
    await keys.dialog(house.words.createTitle).getByText(/^A path has letters/).waitFor();
    await keys.dialog(house.words.createTitle).getByLabel('Only below').fill('index/eu');
    await submit(keys.dialog(house.words.createTitle));
    await keys.revealed('Price feed');
    const [{ resource }] = await grantsOf(owner);
    assert.equal(resource, `project/${ids.Search}/index/eu`);
  });

  test('who has a role in a project gives what that role holds, there', async () => {
    const { owner, ids } = await scene();
    const { profile } = house;
    const fields = { project_roles: { [ids.Billing]: profile.roles.makes } };
    const maker = await house.signedIn(owner.organization, profile.roles.sees, {}, fields);
    const keys = house.keys(maker);
    await keys.open();
    const form = await keys.form();
    await keys.fill(form, { name: 'Invoices' });
    await form.getByLabel('Project', { exact: false }).first().selectOption('Billing');
    await form.getByText('Everything in Billing').waitFor();
    await permit(maker.page, group(form, 'What it may do'), profile.otherPermission);
    await submit(form);
    await keys.revealed('Invoices');
    const listed = (await maker.call('GET', '/v1/keys')).body.data.find((it) => it.name === 'Invoices');
    assert.deepEqual(listed.grants, [{ permissions: [profile.otherPermission], resource: `project/${ids.Billing}` }]);
  });

  test('what lies beyond the newest is found by its name, and so is a registered resource', async () => {
    const { owner, keys, page } = await scene();
    const { server, profile } = house;
    for (let number = 0; number < 210; number += 1) {
      await server.project(owner.organization, `Later ${number}`);
    }
    const path = `project/${await server.project(owner.organization, 'Shop')}/index/eu`;
    const put = `/v1/resources/${path}?organization=${owner.organization}`;
    await server.expect(201, 'PUT', put, { name: 'Catalogue, Europe' });
    await keys.open();
    const form = await keys.form();
    await keys.fill(form, { name: 'Price feed' });
    await permit(page, group(form, 'What it may do'), profile.permission);
    const where = group(form, 'Where it may do it');
    await where.getByText('More than 50 match. Type more of the name.').waitFor();
    const search = where.getByRole('searchbox');
    await search.fill('Billing');
    await where.getByText('1 matches.').waitFor();
    await choose(page, where, /Billing/);
    await search.fill('catalogue');
    await where.getByRole('radio', { name: /Catalogue, Europe/ }).waitFor({ state: 'attached' });
    assert.equal(await where.getByRole('radio', { name: /Billing/ }).isChecked(), true);
    await choose(page, where, /Catalogue, Europe/);
    await submit(form);
    await keys.revealed('Price feed');
    const [{ resource }] = await grantsOf(owner);
    assert.equal(resource, path);
    const [{ id }] = (await owner.call('GET', '/v1/keys')).body.data;
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    await page.goto(`/keys/${id}/edit`);
    const edited = group(page.getByRole('dialog'), 'Where it may do it');
    assert.equal(await edited.getByRole('radio', { name: /Catalogue, Europe/ }).isChecked(), true);
    await page.goto(`/keys/${id}`);
    await page.getByText('Catalogue, Europe', { exact: true }).waitFor();
  });

  test('an edit moves a grant, and one that leaves it alone keeps every grant', async () => {
    const { owner, page, ids } = await scene();
    const { server } = house;
    const grants = [
      { permissions: ['orders.read'], resource: `project/${ids.Search}/index/eu` },
      { permissions: ['orders.write'], resource: `project/${ids.Ingest}` },
    ];
    const key = await server.key(owner.organization, { name: 'Price feed', grants });
    const save = async (change) => {
      await page.goto(`/keys/${key.id}/edit`);
      const form = page.getByRole('dialog');
      await change(form);
      await form.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('status').filter({ hasText: 'is saved.' }).waitFor();
      return (await server.expect(200, 'GET', `/v1/keys/${key.id}`)).grants;
    };
    const kept = await save((form) => form.getByLabel(house.words.name, { exact: true }).fill('Prices'));
    assert.deepEqual(kept, grants);
    const moved = await save(async (form) => {
      const where = group(form, 'Where grant 2 holds');
      assert.equal(await where.getByRole('radio', { name: /Ingest/ }).isChecked(), true);
      await choose(page, where, /Billing/);
    });
    assert.deepEqual(moved, [grants[0], { ...grants[1], resource: `project/${ids.Billing}` }]);
  });
});

suiteOnce('grants where the profile leaves no choice', {}, (house) => {
  test('a key is granted what it asks for in all of its own place', async () => {
    const owner = await house.owner();
    await house.server.project(owner.organization, 'Search');
    const keys = house.keys(owner);
    await keys.open();
    const form = await keys.form();
    assert.equal(await form.getByRole('group', { name: /^Where/ }).count(), 0);
    await keys.fill(form, { name: 'Price feed', permission: house.profile.permission });
    await form.getByRole('button', { name: house.words.create, exact: true }).click();
    await keys.revealed('Price feed');
    const [{ grants }] = (await owner.call('GET', '/v1/keys')).body.data;
    assert.deepEqual(grants, [{ permissions: [house.profile.permission], resource: '*' }]);
  });
}, { pages: 'scope = "own"' });
