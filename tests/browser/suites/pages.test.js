// Every page, by desk and phone, in light and dark: accessible, within its width, without an error in
// the console or a breach of the content policy, and small. Pictures go to target/screens.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DESK, PHONE } from '../driver/browser.js';
import { suiteOnce } from '../driver/house.js';
import { furnish } from '../driver/scene.js';

const DOCUMENT_BYTES_MAX = 60 * 1024;
const ASSETS_BYTES_MAX = 120 * 1024;
const LOOKS = [
  { suffix: '', options: { viewport: DESK, colorScheme: 'light' } },
  { suffix: '-dark', options: { viewport: DESK, colorScheme: 'dark' } },
  { suffix: '-390', options: { viewport: PHONE, hasTouch: true, isMobile: true } },
];

const titled = (page, { heading, dialog }) =>
  dialog ? page.getByRole('dialog', { name: dialog }) : page.getByRole('heading', { level: 1, name: heading });

suiteOnce('every page', {}, (house) => {
  let scene;
  // One visitor for each look: signing in anew for each page would take longer than the page.
  const guests = new Map();
  const guest = async ({ suffix, options }) => {
    scene ??= furnish(house.server, house.profile);
    if (!guests.has(suffix)) {
      const visitor = house.keep(await house.visitor(options));
      await visitor.open(await house.server.signInLink((await scene).mara));
      guests.set(suffix, visitor);
    }
    return guests.get(suffix);
  };
  const look = async (visitor, name, suffix) => {
    await visitor.axe();
    await visitor.fits();
    await visitor.screen(`${house.profile.name}-${name}${suffix}`);
  };

  for (const kind of LOOKS) {
    const { suffix, options } = kind;
    for (const it of house.profile.pages) {
      test(`${it.name}${suffix} is accessible, fits, and breaks no rule`, async () => {
        const visitor = await guest(kind);
        const { ids } = await scene;
        const path = it.path.replace(/\{(\w+)\}/g, (_, id) => ids[id]);
        const answer = await visitor.page.goto(path);
        assert.equal(answer.status(), 200, path);
        await titled(visitor.page, it).waitFor();
        await look(visitor, it.name, suffix);
        assert.ok((await answer.body()).length <= DOCUMENT_BYTES_MAX, `${path} is too large`);
        visitor.isContent();
      });
    }

    test(`pages before signing in${suffix} are accessible, fit, and break no rule`, async () => {
      const { server } = house;
      const member = await server.member(await server.organization('Acme'), house.profile.roles.sees);
      const visitor = await house.visitor(options);
      const { page } = visitor;
      const link = await server.signInLink(member);
      for (const [name, path] of [['sign-in', '/sign-in'], ['sign-in-link', link]]) {
        await page.goto(path);
        await look(visitor, name, suffix);
      }
      await visitor.open(link);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await look(visitor, 'viewer-keys', suffix);
      await page.goto(link);
      await look(visitor, 'sign-in-link-used', suffix);
    });
  }

  for (const { suffix, options } of LOOKS) {
    test(`what a page says in between${suffix} is accessible, fits, and breaks no rule`, async () => {
      const { server, profile, words } = house;
      const owner = await house.owner('Initech', options);
      const keys = house.keys(owner);
      await keys.open();
      await look(owner, 'empty', suffix);
      const wrong = await keys.form();
      await wrong.getByRole('button', { name: words.create, exact: true }).click();
      await owner.page.getByText('Give the key a name.').waitFor();
      await look(owner, 'create-wrong', suffix);
      await keys.fill(wrong, { name: 'Production server' });
      await wrong.getByRole('button', { name: words.create, exact: true }).click();
      await keys.revealed('Production server');
      await look(owner, 'reveal', suffix);
      await owner.page.keyboard.press('Escape');
      await keys.dialog('Close without copying?').waitFor();
      await look(owner, 'reveal-close', suffix);
      await owner.page.getByRole('button', { name: 'Close anyway' }).click();
      await keys.row('Production server').waitFor();
      await keys.revoke('Production server');
      await owner.page.getByRole('status').filter({ hasText: 'is revoked.' }).waitFor();
      await look(owner, 'revoked', suffix);
      const maker = await house.signedIn(owner.organization, profile.roles.makes, options);
      await maker.page.goto('/members');
      await look(maker, 'locked', suffix);
      const key = { name: 'Shop frontend', owner: 'customer-1' };
      await server.key(owner.organization, key);
      const body = { organization: owner.organization, owner: key.owner, permissions: ['keys.*', 'read'] };
      const { url } = await server.expect(201, 'POST', '/v1/portal-sessions', body);
      const customer = await house.visitor(options);
      await customer.open(url);
      await customer.page.getByText(key.name, { exact: true }).waitFor();
      await look(customer, 'portal', suffix);
    });
  }

  test('a list of as many keys as it shows, all with long names, is small', async () => {
    const { server, profile } = house;
    const owner = await house.owner('Umbrella');
    const project = await server.project(owner.organization, `Search ${'and more '.repeat(5)}`.trim());
    for (let number = 10; number < 40; number += 1) {
      const name = `Number ${number} of the machines behind the load balancer in Frankfurt and Dublin`;
      await server.key(owner.organization, { name, project });
    }
    const answer = await owner.page.goto(profile.places.keys);
    assert.equal((await owner.page.getByRole('rowheader').count()), 25);
    const { length } = await answer.body();
    assert.ok(length <= DOCUMENT_BYTES_MAX, `${length} bytes`);
  });

  test('style, icons and scripts are small, and kept for good', async () => {
    const visitor = await house.owner();
    const addresses = new Set();
    visitor.page.on('request', (request) => addresses.add(request.url()));
    await visitor.page.reload({ waitUntil: 'networkidle' });
    const sizes = new Map();
    for (const address of addresses) {
      if (!address.includes('/assets/')) continue;
      const answer = await fetch(address);
      assert.match(answer.headers.get('cache-control'), /immutable/);
      sizes.set(address, (await answer.arrayBuffer()).byteLength);
    }
    const sum = [...sizes.values()].reduce((one, other) => one + other, 0);
    assert.ok(sizes.size >= 4 && sum <= ASSETS_BYTES_MAX, JSON.stringify([...sizes]));
  });
});
