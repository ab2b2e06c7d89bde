// Where the keys stand, what the way there is called, and what a profile's table of pages can say of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE } from '../driver/browser.js';
import { suite, suiteOnce } from '../driver/house.js';

suite('the way to the keys', {}, (house) => {
  test('leads there from the first page, in the words of the profile', async () => {
    const owner = await house.owner();
    const keys = house.keys(owner);
    await keys.walk();
    assert.equal(new URL(owner.page.url()).pathname, keys.list);
    await owner.page.getByRole('link', { name: house.words.create, exact: true }).or(owner.page.getByRole('button', { name: house.words.create, exact: true })).first().waitFor();
  });
});

// A visitor for each look, so that every page here is accessible and fits on a phone too.
const look = async (visitor, name) => {
  await visitor.axe();
  await visitor.fits();
  await visitor.screen(`places-${name}`);
  await visitor.page.setViewportSize(PHONE);
  await visitor.fits();
};

const TABS = `
keys_of = "project"
[[pages.navigation]]
title = "Settings"
entries = ["settings", { title = "Organization", tabs = ["projects", "members"] }]
[pages.words]
keys = "API Keys"
projects = "Workspaces"
settings = "Profile"
`;

suiteOnce('keys on the page of a project, below two names', {}, (house) => {
  test('the sidebar, the tabs and the project lead there, and nothing else does', async () => {
    const owner = await house.owner();
    const { page } = owner;
    const project = await house.server.project(owner.organization, 'Search');
    await house.server.project(owner.organization, 'Billing');
    await house.server.key(owner.organization, { name: 'Of Search', project });
    await page.goto('/keys');
    const sidebar = page.getByRole('navigation', { name: 'Main' });
    assert.deepEqual(await sidebar.getByRole('link').allInnerTexts(), ['Profile', 'Organization']);
    await sidebar.getByRole('link', { name: 'Organization' }).click();
    const tabs = page.getByRole('navigation', { name: 'Organization' });
    assert.deepEqual(await tabs.getByRole('link').allInnerTexts(), ['Workspaces', 'Members']);
    await tabs.getByRole('link', { name: 'Members' }).click();
    await page.getByRole('heading', { level: 1, name: 'Members' }).waitFor();
    assert.equal(await sidebar.getByRole('link', { name: 'Organization' }).getAttribute('aria-current'), 'page');
    await page.getByRole('navigation', { name: 'Organization' }).getByRole('link', { name: 'Workspaces' }).click();
    await page.getByRole('link', { name: 'Search', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Search' }).waitFor();
    await page.getByRole('rowheader', { name: 'Of Search' }).waitFor();
    await look(owner, 'tabs');
  });

  test('a key that is named by its id is looked at in its project, and not in another', async () => {
    const owner = await house.owner();
    const { page } = owner;
    const project = await house.server.project(owner.organization, 'Search');
    const other = await house.server.project(owner.organization, 'Billing');
    const key = await house.server.key(owner.organization, { name: 'Of Search', project });
    await page.goto(`/keys/${key.id}/revoke`);
    await page.getByRole('dialog').getByText('Cancel', { exact: true }).click();
    await page.waitForURL(`**/projects/${project}`);
    assert.equal((await page.goto(`/projects/${other}/keys/${key.id}`)).status(), 404);
    assert.equal((await page.goto('/projects/no-such-project')).status(), 404);
  });
}, { pages: TABS });

suiteOnce('keys of the project that was picked', {}, (house) => {
  const open = async () => {
    const owner = await house.owner();
    const { server } = house;
    const live = await server.project(owner.organization, 'Production', { environment: 'live' });
    const test_ = await server.project(owner.organization, 'Sandbox', { environment: 'test' });
    await server.key(owner.organization, { name: 'backend', project: live });
    await server.key(owner.organization, { name: 'trial', project: test_, environment: 'test' });
    return { owner, page: owner.page, live, keys: house.keys(owner) };
  };

  test('nothing can be made before one is picked, and the page says why', async () => {
    const { owner, page } = await open();
    await page.goto('/keys');
    const create = page.getByRole('button', { name: house.words.create, exact: true });
    assert.equal(await create.getAttribute('aria-disabled'), 'true');
    const why = page.locator(`#${await create.getAttribute('aria-describedby')}`);
    assert.equal((await why.innerText()).trim(), 'Choose an instance first');
    assert.equal(await page.getByRole('table').count(), 0);
    const answer = await page.goto('/keys/new');
    assert.equal(await page.getByRole('dialog').count(), 0, `${answer.status()}`);
    await look(owner, 'pick');
  });

  test('the list and what is made follow the bar, which stays as it was', async () => {
    const { owner, page, keys } = await open();
    await page.goto('/keys');
    await page.getByLabel('Instance').selectOption('Sandbox');
    await keys.row('trial').waitFor();
    assert.deepEqual(await keys.names(), ['trial']);
    const secret = await keys.create({ name: 'made here' });
    assert.ok(secret.startsWith(house.profile.prefix.test), secret.slice(0, 8));
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    await page.goto('/members');
    assert.equal(await page.getByLabel('Instance').locator('option:checked').innerText(), 'Sandbox');
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: house.words.keys }).click();
    await keys.row('made here').waitFor();
    await page.getByLabel('Instance').selectOption('Production');
    await keys.row('backend').waitFor();
    assert.deepEqual(await keys.names(), ['backend']);
    await look(owner, 'picked');
  });

  test('without scripts the bar has a button, and a project of others is none', async () => {
    const owner = await house.owner('Acme', { javaScriptEnabled: false });
    const { page } = owner;
    const { server } = house;
    await server.project(owner.organization, 'Production', { environment: 'live' });
    const theirs = await server.project(await server.organization('Globex'), 'Theirs');
    await page.goto(`/keys?project=${theirs}`);
    await page.getByRole('heading', { name: 'Which project?' }).waitFor();
    await page.getByLabel('Instance').selectOption('Production');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByRole('heading', { name: house.words.empty }).waitFor();
  });
}, { pages: 'keys_of = "picked-project"\n[pages.words]\nproject = "Instance"\nchoose_project = "Choose an instance first"' });

suiteOnce('the form on the page of the list', {}, (house) => {
  for (const javaScriptEnabled of [true, false]) {
    test(`it makes a key, keeps what was typed, and shows the secret above, scripts ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const owner = await house.owner('Acme', { javaScriptEnabled });
      const { page } = owner;
      const keys = house.keys(owner);
      await keys.open();
      const form = page.getByRole('form', { name: house.words.createTitle });
      await form.getByLabel('Description').fill('Three machines');
      await form.getByRole('button', { name: house.words.create, exact: true }).click();
      await page.getByText('Give the key a name.').waitFor();
      assert.equal(await form.getByLabel('Description').inputValue(), 'Three machines');
      await form.getByLabel('Name', { exact: true }).fill('Production server');
      await form.getByRole('button', { name: house.words.create, exact: true }).click();
      const secret = await keys.revealed('Production server');
      assert.equal(await house.server.verdict(secret), 'valid');
      await keys.row('Production server').waitFor();
      assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), '');
      assert.deepEqual(await keys.row('Production server').getByRole('link', { name: / Production server$/ }).allInnerTexts(), ['', '']);
      await keys.action('Edit', 'Production server').waitFor();
      await keys.action('Delete', 'Production server').waitFor();
      if (javaScriptEnabled) await look(owner, 'form');
    });
  }

  test('a living key is deleted from its row where keys are not revoked', async () => {
    const owner = await house.owner();
    const { page } = owner;
    const key = await house.server.key(owner.organization, { name: 'Old job' });
    const keys = house.keys(owner);
    await keys.open();
    await keys.action('Delete', 'Old job').click();
    await keys.dialog('Delete “Old job”?').getByText('Every request with this key is refused').waitFor();
    await keys.dialog('Delete “Old job”?').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('status').filter({ hasText: 'Old job is deleted.' }).waitFor();
    assert.equal(await house.server.verdict(key.secret), 'api_key_invalid');
    assert.equal(await page.getByRole('link', { name: /^Revoke/ }).count(), 0);
  });

  test('whoever may make no keys sees no form', async () => {
    const owner = await house.owner();
    const viewer = await house.signedIn(owner.organization, house.profile.roles.sees);
    await house.keys(viewer).open();
    assert.equal(await viewer.page.getByRole('form', { name: house.words.createTitle }).count(), 0);
  });
}, { pages: 'form = "page"\nreveal = "banner"\nrevoke = false\nrow_actions = ["edit", "delete"]' });
