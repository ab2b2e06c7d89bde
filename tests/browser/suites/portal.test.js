// The key page for a product's own customer: own keys, and no way out.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

const OWNER = 'customer-1';
const MAY = ['keys.read', 'keys.create', 'keys.rotate', 'keys.revoke', 'orders.read'];

suiteOnce('the portal', {}, (house) => {
  // Keys of the customer, of another one, and of another project; and the session's link.
  const scene = async () => {
    const { server } = house;
    const organization = await server.organization('Acme');
    const project = await server.project(organization, 'Search');
    const elsewhere = await server.project(organization, 'Billing');
    const own = await server.key(organization, { name: 'Shop frontend', project, owner: OWNER });
    const others = [
      await server.key(organization, { name: 'Of another customer', project, owner: 'customer-2' }),
      await server.key(organization, { name: 'Of another project', project: elsewhere, owner: OWNER }),
      await server.key(organization, { name: 'Of nobody', project }),
      await server.key(await server.organization('Other'), { name: 'Of others', owner: OWNER }),
    ];
    const body = { organization, project, owner: OWNER, permissions: MAY };
    const made = await server.expect(201, 'POST', '/v1/portal-sessions', body);
    return { organization, project, elsewhere, own, others, url: made.url, id: made.portal_session.id };
  };

  test('the link opens the page of the own keys, once', async () => {
    const { own, others, url } = await scene();
    const { page, open } = await house.visitor().then((it) => ({ page: it.page, open: () => it.open(url) }));
    await open();
    assert.equal(new URL(page.url()).pathname, '/portal');
    await page.getByRole('heading', { level: 1, name: house.words.keys }).waitFor();
    await page.getByText(own.name, { exact: true }).waitFor();
    const text = await page.getByRole('main').innerText();
    for (const other of others) assert.ok(!text.includes(other.name), other.name);
    const late = await house.visitor();
    assert.equal((await late.page.goto(url)).status(), 410);
    assert.deepEqual(await late.context.cookies(), []);
  });

  test('the page fits wherever a product puts it', async () => {
    const { url, own } = await scene();
    const visitor = await house.visitor();
    await visitor.open(url);
    for (const width of [1280, 1024, 800, 768, 390]) {
      await visitor.page.setViewportSize({ width, height: 860 });
      await visitor.page.getByText(own.name, { exact: true }).waitFor();
      await visitor.fits();
      const excess = await visitor.page.getByRole('main').evaluate((main) => main.scrollWidth - main.clientWidth);
      assert.ok(excess <= 0, `at ${width} px the page is ${excess} px wider than its place`);
    }
  });

  test('a portal session reaches no key of another owner, project or organization', async () => {
    const { server } = house;
    const { own, others, url, organization, project, elsewhere } = await scene();
    const visitor = await house.visitor();
    await visitor.open(url);
    const listed = await visitor.call('GET', '/v1/keys');
    assert.deepEqual(listed.body.data.map((it) => it.id), [own.id]);
    for (const key of others) {
      for (const [method, path] of [
        ['GET', `/v1/keys/${key.id}`],
        ['POST', `/v1/keys/${key.id}/revoke`],
        ['POST', `/v1/keys/${key.id}/rotate`],
      ]) {
        const answer = await visitor.call(method, path, method === 'POST' && path.endsWith('rotate') ? {} : undefined, { 'if-match': '*' });
        assert.equal(answer.status, 404, `${method} ${key.name}: ${answer.text}`);
      }
      for (const path of [`/portal/keys/${key.id}/revoke`, `/keys/${key.id}/revoke`]) {
        const answer = await visitor.post(path, { version: '1' });
        assert.ok([303, 403, 404].includes(answer.status), `${path}: ${answer.status}`);
      }
      assert.equal(await server.verdict(key.secret), 'valid', key.name);
    }
    const grants = [{ permissions: ['orders.read'], resource: '*' }];
    for (const fields of [
      { project, owner: 'customer-2', grants },
      { project: elsewhere, owner: OWNER, grants },
      { owner: OWNER, grants },
      { project, owner: OWNER, grants: [{ permissions: ['orders.write'], resource: '*' }] },
      { project, owner: OWNER, grants: [{ inherit: true, resource: '*' }] },
    ]) {
      const answer = await visitor.call('POST', '/v1/keys', { organization, name: 'Out', ...fields });
      assert.ok([403, 404, 422].includes(answer.status), `${JSON.stringify(fields)}: ${answer.status} ${answer.text}`);
    }
    for (const path of ['/v1/members', '/v1/audit', '/v1/management-keys', '/v1/portal-sessions', '/v1/invitations']) {
      assert.equal((await visitor.call('GET', path)).status, 403, path);
    }
    for (const path of ['/keys', '/members', '/audit', '/settings', '/management-keys', '/projects']) {
      await visitor.page.goto(path);
      const at = new URL(visitor.page.url()).pathname;
      const heading = await visitor.page.getByRole('heading', { level: 1 }).allInnerTexts();
      assert.equal(at, '/portal', `${path} shows ${heading}`);
    }
    const all = await server.expect(200, 'GET', `/v1/keys?organization=${organization}`);
    assert.equal(all.data.length, 4);
  });

  test('a portal session that is revoked is over at the next request', async () => {
    const { url, id } = await scene();
    const visitor = await house.visitor();
    await visitor.open(url);
    await house.server.expect(200, 'POST', `/v1/portal-sessions/${id}/revoke`);
    assert.equal((await visitor.call('GET', '/v1/keys')).status, 401);
    await visitor.page.goto('/portal');
    assert.equal(new URL(visitor.page.url()).pathname, '/sign-in');
  });

  test('a customer makes a key of their own, and ends it', async () => {
    const { url, project } = await scene();
    const { server, words } = house;
    const visitor = await house.visitor();
    await visitor.open(url);
    const keys = house.keys(visitor);
    const secret = await keys.create({ name: 'Price feed', permission: 'orders.read' });
    assert.equal(await server.verdict(secret, { permissions: ['orders.read'] }), 'valid');
    const listed = (await visitor.call('GET', '/v1/keys')).body.data.find((it) => it.name === 'Price feed');
    assert.deepEqual([listed.owner, listed.project], [OWNER, project]);
    await visitor.page.getByRole('button', { name: 'Copy', exact: true }).click();
    await visitor.page.getByRole('button', { name: 'Copied' }).waitFor();
    await visitor.page.goto('/portal');
    await visitor.page.getByRole('link', { name: 'Revoke Price feed' }).click();
    await visitor.page.getByRole('button', { name: words.revokeConfirm }).click();
    await visitor.page.getByRole('status').filter({ hasText: 'Price feed is revoked.' }).waitFor();
    assert.equal(await server.verdict(secret), 'api_key_revoked');
  });
});
