// Signing in at an OpenID provider, a certified one.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { launch } from '../driver/browser.js';
import { House, theDefault } from '../driver/house.js';
import { CLIENT, IdProvider } from '../driver/provider.js';
import { freePort, Server } from '../driver/server.js';

const BUTTON = 'Continue with Acme ID';
const CALLBACK = '/sign-in/oidc/callback';
const NOT_BEGUN = 'This sign-in cannot be finished';
const UNUSABLE = "Your sign-in provider's answer cannot be used";
const SILENT = 'Your sign-in provider does not answer';
const UNVERIFIED = 'Your e-mail address is not verified';
const NO_MEMBER = 'You are not a member here';
const DECLINED = 'You were not signed in';

const someone = () => `someone-${randomBytes(4).toString('hex')}@example.com`;

// A server that knows the provider, and a provider that knows the server.
async function open(house) {
  const port = await freePort();
  house.provider = await IdProvider.start(`http://127.0.0.1:${port}${CALLBACK}`);
  house.server = await Server.start(
    house.profile,
    {
      KEYWAY_OIDC_ISSUER: house.provider.url,
      KEYWAY_OIDC_CLIENT_ID: CLIENT.id,
      KEYWAY_OIDC_CLIENT_SECRET: CLIENT.secret,
      KEYWAY_OIDC_LABEL: BUTTON,
    },
    { port },
  );
  house.browser = await launch();
}

async function close(house) {
  await house.browser?.close();
  await house.server?.stop();
  await house.provider?.close();
}

async function visitor(house) {
  const arrived = await house.visitor();
  arrived.mayVisit(house.provider.url);
  return arrived;
}

// A member, who sits before the provider.
async function member(house, fields = {}) {
  const { server, provider } = house;
  const organization = await server.organization('Acme');
  const made = await server.member(organization, house.profile.roles.most, fields);
  provider.sits(made.email);
  return made;
}

async function press({ page }) {
  await page.goto('/sign-in');
  await page.getByRole('link', { name: BUTTON }).click();
}

// Where the button leads, before the browser goes there.
async function leave({ context }, query = '') {
  const answer = await context.request.get(`/sign-in/oidc${query}`, { maxRedirects: 0 });
  assert.equal(answer.status(), 303);
  return new URL(answer.headers().location);
}

// Where the provider sends the browser back to, before the browser goes there.
async function callbackOf({ context }, address) {
  let at = address;
  while (!at.pathname.endsWith(CALLBACK)) {
    const answer = await context.request.get(at.href, { maxRedirects: 0 });
    at = new URL(answer.headers().location, at);
  }
  return at.href;
}

// Of Keyway's cookies: the provider is on the same host, and so has its own beside them.
const names = async ({ context, server }) =>
  (await context.cookies(server.url)).map(({ name }) => name).filter((it) => it.includes('keyway'));

async function ends(arrived, heading, house) {
  await arrived.page.getByRole('heading', { level: 1, name: heading }).waitFor();
  assert.ok(!(await names(arrived)).includes(house.profile.cookie), 'a session');
  await arrived.axe();
  await arrived.page.getByRole('link', { name: 'Back to the sign-in page' }).click();
  await arrived.page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
}

describe('signing in at a provider', () => {
  const house = new House(theDefault);
  before(() => open(house));
  after(() => close(house));
  const each = (title, run) =>
    test(title, async () => {
      await run();
      await house.partWithAll();
    });

  each('a member signs in by the button, and leaves nothing behind', async () => {
    await member(house, { name: 'Mara Lindqvist' });
    const arrived = await visitor(house);
    await press(arrived);
    await arrived.page.waitForURL('**/keys');
    await arrived.page.getByRole('heading', { level: 1, name: house.words.keys }).waitFor();
    assert.deepEqual(await names(arrived), [theDefault.cookie]);
    const log = house.server.log();
    assert.ok(!log.includes(CLIENT.secret) && !log.includes('code='), log);
  });

  each('what leaves for the provider has S256, state and nonce, each time others', async () => {
    const arrived = await visitor(house);
    const [first, second] = [await leave(arrived), await leave(arrived)];
    assert.equal(first.searchParams.get('code_challenge_method'), 'S256');
    assert.equal(first.searchParams.get('response_type'), 'code');
    for (const name of ['state', 'nonce', 'code_challenge']) {
      assert.match(first.searchParams.get(name), /^[\w-]{43}$/);
      assert.notEqual(first.searchParams.get(name), second.searchParams.get(name));
    }
    const [cookie] = await arrived.context.cookies(house.server.url);
    const { httpOnly, sameSite, path } = cookie;
    assert.deepEqual({ httpOnly, sameSite, path }, { httpOnly: true, sameSite: 'Lax', path: '/' });
    assert.ok(cookie.expires - Date.now() / 1000 <= 600);
  });

  each('whoever asked for a page is brought there', async () => {
    await member(house);
    const arrived = await visitor(house);
    await arrived.page.goto('/members');
    await arrived.page.getByRole('link', { name: BUTTON }).click();
    await arrived.page.waitForURL('**/members');
  });

  each('an address of another host is not gone to', async () => {
    await member(house);
    for (const next of ['//evil.example', 'https://evil.example/', '/\\evil.example', '/\t/evil.example']) {
      const arrived = await visitor(house);
      const address = await leave(arrived, `?next=${encodeURIComponent(next)}`);
      const callback = await callbackOf(arrived, address);
      const answer = await arrived.context.request.get(callback, { maxRedirects: 0 });
      assert.deepEqual([answer.status(), answer.headers().location], [303, '/keys'], next);
    }
  });

  each('a state that is not this browser’s opens nothing', async () => {
    await member(house);
    const arrived = await visitor(house);
    const address = await leave(arrived);
    const other = await leave(await visitor(house));
    address.searchParams.set('state', other.searchParams.get('state'));
    await arrived.page.goto(address.href);
    await ends(arrived, NOT_BEGUN, house);
  });

  each('a browser that did not leave cannot come back with another’s code', async () => {
    await member(house);
    const [victim, attacker] = [await visitor(house), await visitor(house)];
    const address = await leave(attacker);
    const callback = await callbackOf(attacker, address);
    assert.match(callback, /code=/);
    await victim.page.goto(callback);
    await ends(victim, NOT_BEGUN, house);
  });

  each('a callback works once, with its cookie put back neither', async () => {
    await member(house);
    const arrived = await visitor(house);
    const address = await leave(arrived);
    const before_ = await arrived.context.cookies(house.server.url);
    const callback = await callbackOf(arrived, address);
    await arrived.page.goto(callback);
    await arrived.page.waitForURL('**/keys');
    await arrived.context.clearCookies();
    await arrived.page.goto(callback);
    await ends(arrived, NOT_BEGUN, house);
    await arrived.context.addCookies(before_);
    arrived.expects(/status of 502/);
    await arrived.page.goto(callback);
    await ends(arrived, UNUSABLE, house);
  });

  each('an ID token with another nonce is not taken', async () => {
    await member(house);
    const arrived = await visitor(house);
    const address = await leave(arrived);
    address.searchParams.set('nonce', 'n'.repeat(43));
    arrived.expects(/status of 502/);
    await arrived.page.goto(address.href);
    await ends(arrived, UNUSABLE, house);
    assert.match(house.server.log(), /of another sign-in/);
  });

  each('a code for another challenge is worth nothing', async () => {
    await member(house);
    const arrived = await visitor(house);
    const address = await leave(arrived);
    address.searchParams.set('code_challenge', 'c'.repeat(43));
    arrived.expects(/status of 502/);
    await arrived.page.goto(address.href);
    await ends(arrived, UNUSABLE, house);
  });

  each('an address that the provider has not verified opens nothing', async () => {
    const { email } = await member(house);
    for (const email_verified of [false, undefined, 'true']) {
      house.provider.sits(email, { email_verified });
      const arrived = await visitor(house);
      await press(arrived);
      await ends(arrived, UNVERIFIED, house);
    }
  });

  each('somebody who is no member learns that, and no more', async () => {
    await member(house);
    const pages = [];
    for (const email of [someone(), someone()]) {
      house.provider.sits(email);
      const arrived = await visitor(house);
      await press(arrived);
      await arrived.page.getByRole('heading', { level: 1, name: NO_MEMBER }).waitFor();
      pages.push(await arrived.page.content());
      await ends(arrived, NO_MEMBER, house);
    }
    assert.equal(pages[0], pages[1]);
  });

  each('a removed member comes in no more', async () => {
    const { server } = house;
    const organization = await server.organization('Acme');
    await server.member(organization, theDefault.roles.most);
    const made = await server.member(organization, theDefault.roles.makes);
    const etag = `"${made.version}"`;
    const headers = { authorization: `Bearer ${server.rootKey}`, 'if-match': etag };
    const removed = await server.call('DELETE', `/v1/members/${made.id}`, undefined, headers);
    assert.equal(removed.status, 200, removed.text);
    house.provider.sits(made.email);
    const arrived = await visitor(house);
    await press(arrived);
    await ends(arrived, NO_MEMBER, house);
  });

  each('who says no at the provider is told so', async () => {
    house.provider.person = null;
    const arrived = await visitor(house);
    await press(arrived);
    await ends(arrived, DECLINED, house);
  });

  each('a session that was there before is another’s no more', async () => {
    const made = await member(house);
    const arrived = await visitor(house);
    await arrived.open(await house.server.signInLink(made));
    const [old] = await arrived.context.cookies(house.server.url);
    await press(arrived);
    await arrived.page.waitForURL('**/keys');
    const [fresh] = await arrived.context.cookies(house.server.url);
    assert.notEqual(fresh.value, old.value);
    const answer = await fetch(`${house.server.url}/keys`, {
      redirect: 'manual',
      headers: { cookie: `${old.name}=${old.value}` },
    });
    assert.equal(answer.status, 303);
  });

  each('when the provider is down, a page says so, and the other ways stay', async () => {
    const made = await member(house);
    const arrived = await visitor(house);
    const address = await leave(arrived);
    const callback = await callbackOf(arrived, address);
    await house.provider.close();
    await arrived.page.goto(callback);
    await ends(arrived, SILENT, house);
    await house.provider.open();
    const again = await visitor(house);
    await again.open(await house.server.signInLink(made));
    await press(again);
    await again.page.waitForURL('**/keys');
  });
});

describe('a server whose provider was never there', () => {
  const house = new House(theDefault);
  before(async () => {
    const environment = {
      KEYWAY_OIDC_ISSUER: `http://127.0.0.1:${await freePort()}`,
      KEYWAY_OIDC_CLIENT_ID: CLIENT.id,
    };
    [house.server, house.browser] = await Promise.all([Server.start(theDefault, environment), launch()]);
  });
  after(async () => {
    await house.browser?.close();
    await house.server?.stop();
  });

  test('it starts, and says at the button that nobody answers', async () => {
    const arrived = await house.visitor();
    await arrived.page.goto('/sign-in');
    const button = arrived.page.getByRole('link', { name: 'Continue with single sign-on' });
    const answered = arrived.page.waitForResponse((it) => it.url().includes('/sign-in/oidc'));
    await button.click();
    assert.equal((await answered).status(), 503);
    await ends(arrived, SILENT, house);
    await house.partWithAll();
  });
});
