// What Noukai says of its pages. Titles begin with the requirements that they prove.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOf } from '../driver/house.js';

const SECRET = /^nk_(?<environment>live|test)_(?<id>[0-9A-Za-z]{8})_(?<rest>[0-9A-Za-z]{32})$/;

suiteOf('noukai', 'what its documentation says', {}, (house) => {
  // Somebody at the keys of a project.
  const open = async (role = 'admin', projectRole = undefined) => {
    const organization = await house.server.organization('Acme');
    const { id: project } = house.server.projects.get(organization);
    const fields = projectRole ? { project_roles: { [project]: projectRole } } : {};
    const visitor = await house.signedIn(organization, role, {}, fields);
    const keys = house.keys(visitor);
    const make = (more = {}) =>
      house.server.expect(201, 'POST', '/v1/keys', { organization, project, name: 'Nightly run', ...more });
    return { organization, project, visitor, page: visitor.page, keys, make };
  };

  test('NK-14 the settings of a project have its API keys, and the button Create Key', async () => {
    const { page, keys } = await open();
    await keys.walk();
    const tabs = page.getByRole('navigation', { name: 'Project Settings', exact: true });
    assert.equal(await tabs.getByRole('link', { name: 'API Keys', exact: true }).getAttribute('aria-current'), 'page');
    await page.getByRole('link', { name: 'Create Key', exact: true }).click();
    await page.getByRole('dialog', { name: 'Create API key' }).waitFor();
  });

  test('NK-15 NK-16 NK-17 NK-18 a key is made with a name and an environment, and shown this once', async () => {
    const { page, keys } = await open();
    await keys.open();
    const form = await keys.form();
    await form.getByText('Production Server').waitFor();
    await form.getByLabel('Name', { exact: true }).fill('Production Server');
    await form.locator('label').filter({ has: page.getByRole('radio', { name: 'test', exact: true }) }).click();
    await form.getByRole('button', { name: 'Create Key', exact: true }).click();
    const secret = await keys.revealed('Production Server');
    assert.equal(SECRET.exec(secret)?.groups.environment, 'test', secret);
    assert.equal(await house.server.verdict(secret), 'valid');
    await keys.copyAndClose();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
    const { id, rest } = SECRET.exec(secret).groups;
    for (const place of [keys.list, `/keys/${id}`]) {
      await page.goto(place);
      assert.ok(!(await page.content()).includes(rest), place);
    }
  });

  test('NK-19 the form offers an end, and a key that exists has none to change', async () => {
    const { page, keys, make } = await open();
    await keys.open();
    const form = await keys.form();
    assert.equal(await form.getByRole('group', { name: 'Expires' }).count(), 1);
    for (const end of ['Never', '90 days', '1 year', 'On a date']) {
      await form.getByRole('radio', { name: end, exact: true }).waitFor({ state: 'attached' });
    }
    const { key } = await make();
    await page.goto(`/keys/${key.id}/edit`);
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).waitFor();
    assert.equal(await page.getByRole('group', { name: 'Expires' }).count(), 0);
  });

  test('NK-20 an owner of the project manages its keys, and an editor sees a locked page', async () => {
    const owner = await open('member', 'owner');
    await owner.keys.open();
    await owner.keys.create({ name: 'Made by the owner' });
    const editor = await open('member', 'editor');
    await editor.make();
    await editor.page.goto(editor.keys.list);
    await editor.page.getByRole('heading', { name: 'You cannot open this page of Acme' }).waitFor();
    assert.equal(await editor.page.getByRole('link', { name: 'Create Key' }).count(), 0);
    const { organization, project } = editor;
    const refused = await editor.visitor.call('POST', '/v1/keys', { organization, project, name: 'x' });
    assert.equal(refused.status, 403);
  });

  test('NK-26 NK-33 a key is revoked on the page, and refused from then on', async () => {
    const { keys, page, make } = await open();
    const { secret } = await make({ name: 'Leaked' });
    assert.equal(await house.server.verdict(secret), 'valid');
    await keys.open();
    await page.getByText('Revoke a key that may have leaked at once').waitFor();
    await keys.revoke('Leaked');
    await page.getByText(/In force everywhere after \d+ ms/).waitFor();
    assert.equal(await house.server.verdict(secret), 'api_key_revoked');
  });

  test('NK-4 NK-29 NK-30 NK-31 NK-32 the page gives the advice of the documentation', async () => {
    const { keys, page, make } = await open();
    await make();
    await keys.open();
    for (const advice of [
      /Use a key for servers and to run flows\. MCP clients .* OAuth/,
      /Keep keys out of your repository\..* NOUKAI_API_KEY/,
      /test keys in development, live keys in production/,
      /create the new one, put it in place, then revoke the old one/,
    ]) {
      await page.getByText(advice).waitFor();
    }
  });

  test('NK-32 two keys of a project work side by side until the old one is revoked', async () => {
    const { keys, make } = await open();
    const old = await make({ name: 'Old' });
    await keys.open();
    const secret = await keys.create({ name: 'New' });
    assert.equal(await house.server.verdict(old.secret), 'valid');
    assert.equal(await house.server.verdict(secret), 'valid');
  });

  test('NK-36 neither the form nor the API makes a key for several projects', async () => {
    const { keys, organization, project } = await open();
    await keys.open();
    const form = await keys.form();
    await form.getByText('It is a key of Spelling.').waitFor();
    assert.equal(await form.getByRole('combobox').count(), 0);
    assert.equal(await form.getByText('Where it may do it').count(), 0);
    const grants = [{ permissions: ['read'], resource: '*' }];
    const body = { organization, project, name: 'x', grants };
    await house.server.expect(422, 'POST', '/v1/keys', body);
    await house.server.expect(422, 'POST', '/v1/keys', { organization, name: 'x' });
  });

  test('NK-41 the list shows id, name, environment, status and creation, and revokes a row', async () => {
    const { keys, make } = await open();
    const { key } = await make({ name: 'Production Server', environment: 'test' });
    await keys.open();
    const row = keys.row('Production Server');
    const text = await row.innerText();
    for (const shown of [key.id, 'Production Server', 'nk_test_', 'Active', 'just now']) {
      assert.ok(text.includes(shown), `${shown} in ${text}`);
    }
    await keys.action('Revoke', 'Production Server').waitFor();
  });
});
