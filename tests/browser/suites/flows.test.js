// The life of a key under each profile that `../profiles` has a file of: its words, columns, and the controls that it has or has not.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE } from '../driver/browser.js';
import { suite } from '../driver/house.js';

suite('flows', {}, (house) => {
  const open = async (names = []) => {
    const owner = await house.owner();
    const made = new Map();
    for (const name of names) made.set(name, await house.server.key(owner.organization, { name }));
    const keys = house.keys(owner);
    await keys.open();
    return { owner, page: owner.page, keys, made };
  };
  const look = async (visitor, name) => {
    await visitor.axe();
    await visitor.fits();
    await visitor.screen(`${house.profile.name}-flow-${name}`);
    await visitor.page.setViewportSize(PHONE);
    await visitor.fits();
  };

  test('a key is made, shown once, and works', async () => {
    const { owner, keys, page } = await open();
    const secret = await keys.create({ name: 'Production server' });
    assert.ok(secret.startsWith(house.profile.prefix.live), secret.slice(0, 8));
    assert.equal(await house.server.verdict(secret), 'valid');
    await keys.copyAndClose();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
    assert.deepEqual(await keys.names(), ['Production server']);
    await page.reload();
    assert.ok(!(await page.content()).includes(secret));
    await look(owner, 'made');
  });

  test('a form that is not right says so at the field and makes nothing', async () => {
    const { owner, keys, page } = await open();
    const form = await keys.form();
    await form.getByRole('button', { name: house.words.create, exact: true }).click();
    await page.getByText('Give the key a name.').waitFor();
    const listed = await house.server.expect(200, 'GET', `/v1/keys?organization=${owner.organization}`);
    assert.deepEqual(listed.data, []);
    await look(owner, 'wrong');
  });

  test('the list has the columns of the profile, and is searched', async () => {
    const { owner, keys, page } = await open(['Nightly export', 'Production server']);
    assert.deepEqual(await keys.table.getByRole('columnheader').allInnerTexts(), house.profile.columns);
    await page.getByRole('searchbox', { name: 'Search keys' }).fill('nightly');
    await keys.row('Production server').waitFor({ state: 'detached' });
    assert.deepEqual(await keys.names(), ['Nightly export']);
    await look(owner, 'list');
  });

  test('a key is revoked after a question, refused at once, and kept', async () => {
    const { keys, page, made } = await open(['Old job', 'In use']);
    await keys.revoke('Old job');
    await page.getByText(/In force everywhere after \d+ ms/).waitFor();
    assert.equal(await house.server.verdict(made.get('Old job').secret), 'api_key_revoked');
    await keys.open();
    const isListed = house.profile.revoked === 'listed';
    assert.equal(await keys.row('Old job').count(), isListed ? 1 : 0);
    const toggle = page.getByRole('switch', { name: 'Show revoked keys' });
    assert.equal(await toggle.count(), isListed ? 0 : 1);
    if (!isListed) await toggle.check();
    await keys.row('Old job').getByText('Revoked', { exact: true }).first().waitFor();
    assert.equal(await keys.row('Old job').getByRole('link', { name: /^Revoke/ }).count(), 0);
  });

  test('rotating and switching off are there as the profile says, on the row and on the key', async () => {
    const { owner, keys, page, made } = await open(['CI pipeline']);
    const { controls } = house.profile;
    const { id } = made.get('CI pipeline');
    const expected = (control) => (controls.includes(control) ? 1 : 0);
    assert.equal(await keys.action('Rotate', 'CI pipeline').count(), expected('rotate'));
    assert.equal(await keys.row('CI pipeline').getByRole('button', { name: 'Deactivate CI pipeline' }).count(), expected('deactivate'));
    await page.goto(`${keys.base}/${id}`);
    await page.getByRole('heading', { level: 1, name: 'CI pipeline' }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'Rotate', exact: true }).count(), expected('rotate'));
    assert.equal(await page.getByRole('button', { name: 'Deactivate', exact: true }).count(), expected('deactivate'));
    const rotated = await owner.post(`${keys.base}/${id}/rotate`, { grace: '0s', attempt: 'once' });
    assert.equal(rotated.status, controls.includes('rotate') ? 200 : 422);
    await look(owner, 'details');
  });

  test('whoever may not make keys finds no control for it, and the server refuses the form', async () => {
    const { owner, keys, made } = await open(['Production server']);
    const other = await house.signedIn(owner.organization, house.profile.roles.sees);
    await other.page.goto(keys.list);
    await other.page.getByRole('heading', { level: 1 }).waitFor();
    const named = { name: house.words.create, exact: true };
    const create = other.page.getByRole('link', named).or(other.page.getByRole('button', named));
    assert.equal(await create.count(), 0);
    assert.equal(await other.page.getByRole('link', { name: /^(Revoke|Rotate) / }).count(), 0);
    for (const path of ['new', `${made.get('Production server').id}/revoke`]) {
      const answer = await other.post(`${keys.base}/${path}`, { name: 'Mine' });
      assert.ok([403, 404].includes(answer.status), `${path}: ${answer.status}`);
    }
    const listed = await house.server.expect(200, 'GET', `/v1/keys?organization=${owner.organization}`);
    assert.deepEqual(listed.data.map((it) => [it.name, it.status]), [['Production server', 'active']]);
  });
});
