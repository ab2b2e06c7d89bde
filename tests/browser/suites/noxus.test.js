// What Noxus says of its pages. Titles begin with the requirements that they prove.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOf } from '../driver/house.js';

const SECRET = /^noxus_[0-9A-Za-z]{40}$/;
const SHOWN_CHARS = 'noxus_'.length + 4;

suiteOf('noxus', 'what its documentation says', {}, (house) => {
  // Somebody at the keys of a workspace.
  const open = async (role = 'org_admin', workspaceRole = undefined, organization = undefined) => {
    const own = organization ?? (await house.server.organization('Acme'));
    const { id: project } = house.server.projects.get(own);
    const fields = workspaceRole ? { project_roles: { [project]: workspaceRole } } : {};
    const visitor = await house.signedIn(own, role, {}, fields);
    const keys = house.keys(visitor);
    await keys.open();
    return { organization: own, project, visitor, page: visitor.page, keys };
  };

  test('NX-9 Settings, Organization, Workspaces and one of them lead to its API Keys', async () => {
    const { keys, page } = await open();
    await keys.walk();
    const sidebar = page.getByRole('navigation', { name: 'Main' });
    assert.equal(await sidebar.getByRole('link', { name: 'Organization' }).getAttribute('aria-current'), 'page');
    await sidebar.getByRole('link', { name: 'Organization' }).click();
    const tabs = page.getByRole('navigation', { name: 'Organization' });
    await tabs.getByRole('link', { name: 'Workspaces' }).waitFor();
  });

  test('NX-10 NX-11 a key gets a name that describes the application, and is shown this once', async () => {
    const { keys, page } = await open('org_base', 'editor');
    const form = await keys.form();
    await form.getByText(/Which application will use it/).waitFor();
    await form.getByText('It is a key of Support.').waitFor();
    assert.equal(await form.getByText('Where it may do it').count(), 0);
    await form.getByLabel('Name', { exact: true }).fill('Billing, staging');
    await form.getByRole('button', { name: 'Create API Key', exact: true }).click();
    const secret = await keys.revealed('Billing, staging');
    assert.match(secret, SECRET);
    assert.equal(await house.server.verdict(secret, { permissions: ['flows_edit'] }), 'valid');
    assert.equal(await house.server.verdict(secret, { permissions: ['users_edit'] }), 'insufficient_permissions');
    await keys.copyAndClose();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
    await page.reload();
    const content = await page.content();
    assert.ok(content.includes(secret.slice('noxus_'.length, SHOWN_CHARS)));
    assert.ok(!content.includes(secret.slice('noxus_'.length, SHOWN_CHARS + 1)));
  });

  test('NX-6 a key is narrowed to some of what the role allows, and nothing more can be chosen', async () => {
    const { keys, page } = await open('org_base', 'reader');
    const form = await keys.form();
    await keys.fill(form, { name: 'Runs flows', permission: 'flows_run' });
    assert.ok(await form.getByRole('checkbox', { name: 'flows_edit' }).isDisabled());
    // What is the tenant's no person can give.
    assert.equal(await form.getByRole('checkbox', { name: 'org:admin' }).count(), 0);
    await form.getByRole('button', { name: 'Create API Key', exact: true }).click();
    const secret = await keys.revealed('Runs flows');
    await keys.copyAndClose();
    assert.equal(await house.server.verdict(secret, { permissions: ['flows_run'] }), 'valid');
    assert.equal(await house.server.verdict(secret, { permissions: ['agents_run'] }), 'insufficient_permissions');
    await page.getByRole('cell', { name: '1 permission of my role' }).waitFor();
  });

  test('NX-7 a key is revoked on the page at any time, and refused from then on', async () => {
    const { keys, page } = await open();
    const secret = await keys.create({ name: 'Leaked' });
    await keys.copyAndClose();
    assert.equal(await house.server.verdict(secret), 'valid');
    await keys.revoke('Leaked');
    await page.getByText(/In force everywhere after \d+ ms/).waitFor();
    assert.equal(await house.server.verdict(secret), 'api_key_revoked');
  });

  test('NX-20 NX-21 NX-22 NX-23 NX-26 NX-28 NX-29 the page gives the advice of the documentation', async () => {
    const { page } = await open();
    for (const advice of [
      /Client\.from_env\(\)/,
      /Never write a key into code\. Keep it in the environment or in a secret store/,
      /development, for staging and for production/,
      /make the new one.*test the application with it, then revoke the old one/,
      /401: .*revoked.*another workspace/,
      /403: .*role in the workspace.*Ask an Admin/,
      /times out.*NOXUS_BACKEND_URL.*firewall/,
    ]) {
      await page.getByText(advice).waitFor();
    }
  });

  test('NX-35 an editor sees and revokes own keys, an admin of the workspace all of it', async () => {
    const editor = await open('org_base', 'editor');
    await editor.keys.create({ name: 'Of the editor' });
    await editor.keys.copyAndClose();
    const admin = await open('org_base', 'admin', editor.organization);
    await admin.keys.create({ name: 'Of the admin' });
    await admin.keys.copyAndClose();
    assert.deepEqual((await admin.keys.names()).sort(), ['Of the admin', 'Of the editor']);
    await editor.keys.open();
    assert.deepEqual(await editor.keys.names(), ['Of the editor']);
    await admin.keys.revoke('Of the editor');
    await admin.page.getByText(/In force everywhere after \d+ ms/).waitFor();
  });

  test('NX-37 the list shows name, key, creator, permissions, dates, last use and status', async () => {
    const { keys, page } = await open('org_base', 'editor');
    const form = await keys.form();
    await form.getByLabel('Name', { exact: true }).fill('Billing');
    for (const end of ['Never', '90 days', '1 year', 'On a date']) {
      await form.getByRole('radio', { name: end, exact: true }).waitFor({ state: 'attached' });
    }
    await form.getByRole('button', { name: 'Create API Key', exact: true }).click();
    const secret = await keys.revealed('Billing');
    await keys.copyAndClose();
    const heads = ['Name', 'Key', 'Created by', 'Permissions', 'Created', 'Last used', 'Expires', 'Status', 'Actions'];
    assert.deepEqual(await keys.table.getByRole('columnheader').allTextContents(), heads);
    const row = await keys.row('Billing').innerText();
    for (const shown of [secret.slice(0, SHOWN_CHARS), 'you', 'all of my role', 'just now', 'Never', 'Active']) {
      assert.ok(row.replaceAll('\n', '').includes(shown), `${shown} in ${row}`);
    }
    assert.equal(await page.getByRole('link', { name: 'Rotate' }).count(), 0);
  });

  test('NX-8 NX-24 the page of a key shows requests, refusals and the last use', async () => {
    const { keys, page } = await open('org_base', 'reader');
    const secret = await keys.create({ name: 'Used' });
    await keys.copyAndClose();
    await house.server.verdict(secret, { permissions: ['flows_run'] });
    await house.server.verdict(secret, { permissions: ['flows_edit'] });
    const id = (await keys.table.getByRole('link', { name: 'Used', exact: true }).getAttribute('href')).split('/').at(-1);
    await house.server.used({ id });
    await page.goto(`/keys/${id}`);
    await page.getByRole('region', { name: 'Usage' }).waitFor();
    const refusal = page.getByRole('region', { name: 'Last refusal' });
    await refusal.getByText('insufficient_permissions').waitFor();
    const stats = await page.getByRole('main').innerText();
    assert.match(stats, /Allowed, [^\n]+\n+1\n/);
    assert.match(stats, /Refused, [^\n]+\n+1\b/);
    assert.equal(await page.getByText(/was unlike the days before/).count(), 0);
  });
});
