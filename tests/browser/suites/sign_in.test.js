// Ways in and out.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

const DEAD = 'This link no longer works';
const NO_MATCH = 'E-mail and password do not match.';

suiteOnce('signing in', {}, (house) => {
  test('opening a sign-in link spends nothing, its button spends it once', async () => {
    const { server } = house;
    const organization = await server.organization('Acme');
    const member = await server.member(organization, 'owner', { name: 'Mara Lindqvist' });
    const link = await server.signInLink(member);
    for (let scan = 0; scan < 3; scan += 1) {
      assert.equal((await fetch(link)).status, 200);
    }
    const { page, context } = await house.visitor();
    await page.goto(link);
    await page.getByRole('heading', { level: 1, name: 'Welcome back, Mara Lindqvist' }).waitFor();
    assert.deepEqual(await context.cookies(), []);
    await page.getByRole('button', { name: 'Continue as Mara Lindqvist' }).click();
    await page.waitForURL('**/keys');
    await page.getByRole('heading', { level: 1, name: house.words.keys }).waitFor();
    const [cookie] = await context.cookies();
    const { name, httpOnly, sameSite, path } = cookie;
    assert.deepEqual(
      { name, httpOnly, sameSite, path },
      { name: house.profile.cookie, httpOnly: true, sameSite: 'Lax', path: '/' },
    );
  });

  test('a sign-in link that was spent opens nothing, by its button neither', async () => {
    const { server } = house;
    const member = await server.member(await server.organization('Acme'), 'owner');
    const link = await server.signInLink(member);
    const early = await house.visitor();
    await early.page.goto(link);
    const first = await house.visitor();
    await first.open(link);
    // The button of a page that was opened before.
    await early.page.getByRole('button', { name: 'Continue' }).click();
    await early.page.getByRole('heading', { name: DEAD }).waitFor();
    const late = await house.visitor();
    const answer = await late.page.goto(link);
    assert.equal(answer.status(), 410);
    await late.page.getByRole('heading', { name: DEAD }).waitFor();
    assert.equal(await late.page.getByRole('main').getByRole('button').count(), 0);
    assert.deepEqual(await late.context.cookies(), []);
    assert.deepEqual(await early.context.cookies(), []);
    await late.page.getByRole('link', { name: 'Sign in another way' }).click();
    await late.page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  });

  test('whoever is not signed in is sent to sign in, and back afterwards', async () => {
    const { page } = await house.visitor();
    await page.goto('/keys?q=server');
    const at = new URL(page.url());
    assert.equal(at.pathname, '/sign-in');
    assert.equal(at.searchParams.get('next'), '/keys?q=server');
  });

  test('signing out ends the session on the server too', async () => {
    const { page, context } = await house.owner();
    const before = await context.cookies();
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    assert.deepEqual(await context.cookies(), []);
    await context.addCookies(before);
    await page.goto('/keys');
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  });

  test('the cookie after a sign-in is none that was there before', async () => {
    const { server } = house;
    const member = await server.member(await server.organization('Acme'), 'owner');
    const { page, context } = await house.visitor();
    const planted = { name: house.profile.cookie, value: 'A'.repeat(43), url: server.url };
    await context.addCookies([planted]);
    const values = [planted.value];
    for (let time = 0; time < 2; time += 1) {
      await page.goto(await server.signInLink(member));
      await page.getByRole('main').getByRole('button').click();
      await page.waitForURL('**/keys');
      const [cookie] = await context.cookies();
      assert.ok(!values.includes(cookie.value));
      values.push(cookie.value);
    }
    for (const value of values.slice(0, 1)) {
      const answer = await fetch(`${server.url}/keys`, {
        redirect: 'manual',
        headers: { cookie: `${house.profile.cookie}=${value}` },
      });
      assert.equal(answer.status, 303);
    }
  });
});

suiteOnce('signing in with a wrong password', {}, (house) => {
  test('an unknown address is answered like a wrong password', async () => {
    const { server } = house;
    const member = await server.member(await server.organization('Acme'), 'owner');
    const { page } = await house.visitor();
    const answers = [];
    for (const email of [member.email, 'nobody@example.com']) {
      await page.goto('/sign-in');
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').fill('certainly not the password');
      const answered = page.waitForResponse((it) => it.request().method() === 'POST');
      await page.getByRole('button', { name: 'Sign in' }).click();
      const answer = await answered;
      assert.equal(await page.getByRole('alert').innerText(), NO_MATCH);
      assert.equal(await page.getByLabel('Password').inputValue(), '');
      const text = (await page.content()).replaceAll(email, 'EMAIL');
      answers.push({ status: answer.status(), text });
    }
    assert.equal(answers[0].status, 401);
    assert.deepEqual(answers[0], answers[1]);
  });

  test('whoever guesses must wait, is told how long, and cannot guess meanwhile', async () => {
    const { page, context } = await house.visitor();
    await page.goto('/sign-in');
    const tries = [];
    while (tries.at(-1) !== 429 && tries.length < 30) {
      await page.getByLabel('E-mail').fill('guessed@example.com');
      await page.getByLabel('Password').fill(`guess number ${tries.length} of many`);
      const answered = page.waitForResponse((it) => it.request().method() === 'POST');
      await page.getByRole('button', { name: 'Sign in' }).click();
      tries.push((await answered).status());
    }
    assert.equal(tries.at(-1), 429);
    assert.ok(tries.slice(0, -1).every((it) => it === 401), tries.join());
    assert.match(await page.getByRole('alert').innerText(), /^Too many tries\. Wait \d+ s\.$/);
    assert.deepEqual(await context.cookies(), []);
  });
});
