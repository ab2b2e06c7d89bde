// People: who is in, what they may do, and how fast that binds.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

suiteOnce('members', {}, (house) => {
  test('a role that is changed binds on the next request', async () => {
    const { server, profile } = house;
    const owner = await house.owner();
    const maker = await house.signedIn(owner.organization, profile.roles.makes, {}, { name: 'Oskar Brandt' });
    const made = await maker.call('POST', '/v1/keys', {
      organization: owner.organization,
      name: 'Follows its maker',
      grants: [{ inherit: true, resource: '*' }],
    });
    assert.equal(made.status, 201, made.text);
    const asked = { permissions: [profile.otherPermission] };
    assert.equal(await server.verdict(made.body.secret, asked), 'valid');
    const { page } = owner;
    await page.goto('/members');
    await page.getByRole('heading', { level: 1, name: 'Members' }).waitFor();
    const role = page.getByLabel('Role of Oskar Brandt');
    const answered = page.waitForResponse((it) => it.request().method() === 'POST');
    await role.selectOption(profile.roles.sees);
    await answered;
    assert.equal(await server.verdict(made.body.secret, asked), 'insufficient_permissions');
    const denied = await maker.call('POST', '/v1/keys', { organization: owner.organization, name: 'Too late' });
    assert.equal(denied.status, 403);
    await page.getByLabel('Role of Oskar Brandt').waitFor();
    assert.equal(await page.getByLabel('Role of Oskar Brandt').inputValue(), profile.roles.sees);
  });

  test('nobody changes their own role, and who holds less cannot give more', async () => {
    const { server, profile } = house;
    const owner = await house.owner();
    await owner.page.goto('/members');
    await owner.page.getByText('Somebody else changes your role.').waitFor();
    assert.equal(await owner.page.getByLabel(`Role of ${owner.member.name}`).count(), 0);
    const viewer = await house.signedIn(owner.organization, profile.roles.sees);
    await viewer.page.goto('/members');
    await viewer.page.getByRole('heading', { level: 1, name: 'Members' }).waitFor();
    assert.equal(await viewer.page.getByRole('combobox').and(viewer.page.locator(':enabled')).count(), 0);
    const form = { role: profile.roles.most, version: '1' };
    const answer = await viewer.post(`/members/${viewer.member.id}/role`, form);
    assert.equal(answer.status, 403);
    assert.equal((await server.expect(200, 'GET', `/v1/members/${viewer.member.id}`)).role, profile.roles.sees);
  });

  test('an invitation is shown once, accepted once, and then opens nothing', async () => {
    const { server, profile } = house;
    const owner = await house.owner();
    const { page } = owner;
    await page.goto('/members');
    await page.getByRole('link', { name: 'Invite member' }).click();
    await page.getByLabel('E-mail').fill('ana@example.com');
    await page.getByLabel('Role', { exact: true }).selectOption(profile.roles.makes);
    await page.getByRole('button', { name: 'Make the invitation' }).click();
    const link = await page.getByRole('textbox', { name: /link/i }).inputValue();
    assert.ok(link.startsWith(`${server.url}/invitation/`));
    const guest = await house.visitor();
    await guest.page.goto(link);
    await guest.page.getByRole('heading', { level: 1, name: 'You are invited' }).waitFor();
    await guest.page.getByLabel('Your name').fill('Ana Sousa');
    await guest.page.getByRole('button', { name: 'Accept the invitation' }).click();
    await guest.page.getByRole('heading', { level: 1, name: house.words.keys }).waitFor();
    assert.ok(!guest.page.url().includes(link.split('/').at(-1)));
    const late = await house.visitor();
    assert.equal((await late.page.goto(link)).status(), 410);
    await late.page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
    assert.deepEqual(await late.context.cookies(), []);
    const members = await server.expect(200, 'GET', `/v1/members?organization=${owner.organization}`);
    assert.equal(members.data.filter((it) => it.email === 'ana@example.com').length, 1);
    await page.goto('/members');
    await page.getByText('Ana Sousa', { exact: true }).first().waitFor();
    assert.ok(!(await page.content()).includes(link.split('/').at(-1)));
  });

  test('an invitation gives the least unless more is chosen', async () => {
    const { page } = await house.owner();
    await page.goto('/invitations/new');
    assert.equal(await page.getByLabel('Role', { exact: true }).inputValue(), house.profile.roles.sees);
  });

  test('the list calls projects by their names', async () => {
    const { server, profile } = house;
    const owner = await house.owner();
    const project = await server.project(owner.organization, 'Search');
    await server.member(owner.organization, profile.roles.sees, {
      name: 'Thu Nguyen',
      project_roles: { [project]: profile.roles.makes },
    });
    await owner.page.goto('/members');
    const row = owner.page.getByRole('row').filter({ hasText: 'Thu Nguyen' });
    await row.getByText(/ in Search$/).waitFor();
    assert.ok(!(await row.innerText()).includes(project));
  });

  test('keys of somebody who left are rotated by who stays, or revoked', async () => {
    const { server, profile } = house;
    const owner = await house.owner();
    const leaver = await house.signedIn(owner.organization, profile.roles.makes, {}, { name: 'Jonas Weber' });
    const grants = [{ permissions: ['read'], resource: '*' }];
    const body = { organization: owner.organization, name: 'Nightly export', grants };
    const made = await leaver.call('POST', '/v1/keys', body);
    assert.equal(made.status, 201, made.text);
    const removed = await server.call('DELETE', `/v1/members/${leaver.member.id}`);
    assert.equal(removed.status, 200, removed.text);
    const { page } = owner;
    await page.goto('/members/former');
    await page.getByRole('heading', { name: 'Jonas Weber' }).waitFor();
    const stays = profile.keysOfRemoved === 'stay';
    assert.equal(await page.getByRole('link', { name: 'Rotate Nightly export' }).count(), stays ? 1 : 0);
    await page.getByRole('link', { name: 'Revoke Nightly export' }).waitFor();
    assert.equal(await server.verdict(made.body.secret), stays ? 'valid' : 'api_key_inactive');
  });

  test('an invitation that is withdrawn opens nothing', async () => {
    const { server, profile } = house;
    const owner = await house.owner();
    const body = { organization: owner.organization, email: 'ben@example.com', role: profile.roles.sees };
    const { url } = await server.expect(201, 'POST', '/v1/invitations', body);
    const { page } = owner;
    await page.goto('/members');
    await page.getByText('ben@example.com').first().waitFor();
    await page.getByRole('button', { name: 'Withdraw the invitation of ben@example.com' }).click();
    await page.getByRole('status').filter({ hasText: 'ben@example.com' }).waitFor();
    assert.equal((await fetch(url)).status, 410);
  });

  test('a member who is removed is out at the next request', async () => {
    const { server, profile } = house;
    const owner = await house.owner();
    const leaver = await house.signedIn(owner.organization, profile.roles.makes, {}, { name: 'Jonas Weber' });
    assert.equal((await leaver.call('GET', '/v1/keys')).status, 200);
    await owner.page.goto('/members');
    await owner.page.getByRole('link', { name: 'Remove Jonas Weber' }).click();
    await owner.page.getByRole('button', { name: 'Remove member' }).click();
    await owner.page.getByRole('status').filter({ hasText: 'Jonas Weber' }).waitFor();
    assert.equal((await leaver.call('GET', '/v1/keys')).status, 401);
    await leaver.page.goto('/keys');
    await leaver.page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    assert.equal((await server.call('GET', `/v1/members/${leaver.member.id}`)).status, 404);
  });

  test('the roles page says which role holds what', async () => {
    const { page } = await house.owner();
    await page.goto('/roles');
    const table = page.getByRole('table', { name: /Permissions of each role/ });
    const row = table.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'keys.create', exact: true }) });
    const cells = (await row.getByRole('cell').allInnerTexts()).map((it) => it.replace(/[–\s]/g, ''));
    assert.deepEqual(cells.slice(-4), ['yes', 'yes', 'yes', 'no']);
  });

  test('a person of two organizations switches between them, and sees one at a time', async () => {
    const { server, profile } = house;
    const first = await server.organization('Acme');
    const second = await server.organization('Globex');
    const member = await server.member(first, profile.roles.most);
    const elsewhere = await server.member(second, profile.roles.most, { email: member.email, name: 'Same person' });
    await server.key(first, { name: 'Key of Acme' });
    await server.key(second, { name: 'Key of Globex' });
    const visitor = await house.visitor();
    const { page } = visitor;
    // A link proves the one membership that it was made for.
    await visitor.open(await server.signInLink(elsewhere));
    await page.goto('/organizations');
    assert.equal(await page.getByRole('button', { name: /Acme/ }).count(), 0);
    await visitor.open(await server.signInLink(member));
    await page.getByText('Key of Acme').waitFor();
    assert.equal(await page.getByText('Key of Globex').count(), 0);
    await page.getByRole('link', { name: /Switch organization/ }).click();
    await page.getByRole('button', { name: /Globex/ }).click();
    await page.goto('/keys');
    await page.getByText('Key of Globex').waitFor();
    assert.equal(await page.getByText('Key of Acme').count(), 0);
  });
});

suiteOnce('two members side by side', {}, (house) => {
  test('who may not write sees no control for it, and the server refuses the form all the same', async () => {
    const { server, profile, words } = house;
    const owner = await house.owner();
    const key = await server.key(owner.organization, { name: 'Production server' });
    const viewer = await house.signedIn(owner.organization, profile.roles.sees);
    for (const { page } of [owner, viewer]) {
      await page.goto('/keys');
      await page.getByText('Production server', { exact: true }).waitFor();
    }
    const controls = (page) => page.getByRole('link', { name: /^(Revoke|Rotate) Production server$/ }).count();
    assert.deepEqual([await controls(owner.page), await controls(viewer.page)], [2, 0]);
    const create = (page) => page.getByRole('link', { name: words.create, exact: true, disabled: false }).count();
    assert.deepEqual([await create(owner.page), await create(viewer.page)], [1, 0]);
    const forms = [
      ['/keys/new', { name: 'Mine' }],
      [`/keys/${key.id}/edit`, { name: 'Mine', version: '1' }],
      [`/keys/${key.id}/revoke`, { version: '1' }],
      [`/keys/${key.id}/rotate`, { grace: '0s', version: '1' }],
      [`/keys/${key.id}/deactivate`, { version: '1' }],
      [`/keys/${key.id}/delete`, { version: '1' }],
    ];
    for (const [path, form] of forms) {
      const answer = await viewer.post(path, form);
      assert.equal(answer.status, 403, path);
    }
    const kept = await server.expect(200, 'GET', `/v1/keys/${key.id}`);
    assert.deepEqual([kept.name, kept.version, await server.verdict(key.secret)], ['Production server', 1, 'valid']);
  });

  test('a page that may not be read is locked, and says who can change that', async () => {
    const { profile } = house;
    const owner = await house.owner();
    const maker = await house.signedIn(owner.organization, profile.roles.makes);
    const { page } = maker;
    for (const [path, permission] of [['/members', 'members.read'], ['/audit', 'audit.read'], ['/management-keys', 'management_keys.read']]) {
      const answer = await page.goto(path);
      assert.equal(answer.status(), 403, path);
      await page.getByText(permission, { exact: true }).waitFor();
      await page.getByRole('link', { name: owner.member.email }).waitFor();
      assert.equal(await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: house.words.keys }).count(), 1);
    }
    assert.equal(await page.getByRole('link', { name: 'Members', exact: true }).count(), 0);
  });
});
