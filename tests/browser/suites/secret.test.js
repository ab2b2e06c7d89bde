// A secret is in one page, once.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

suiteOnce('the secret', { KEYWAY_LOG: 'trace' }, (house) => {
  // All that a browser keeps of a site, and what it would show again.
  const kept = (page) =>
    page.evaluate(async () => {
      const databases = await indexedDB.databases();
      const caches_ = await caches.keys();
      return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, databases, caches_, history.state, location.href, document.cookie]);
    });

  // What is there once the browser has come to rest: it shows a page of its own where it has none.
  const content = async (page) => {
    for (;;) {
      await page.waitForLoadState();
      const text = await page.content().catch((error) => assert.match(error.message, /is navigating/));
      if (text !== undefined) return text;
    }
  };

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';
    test(`a created secret is nowhere after its page, ${how}`, async () => {
      const owner = await house.owner('Acme', { javaScriptEnabled });
      const { page, context } = owner;
      const keys = house.keys(owner);
      await keys.open();
      const answers = [];
      page.on('response', (answer) => answers.push(answer));
      const secret = await keys.create({ name: 'Production server' });
      const body = secret.slice(secret.lastIndexOf('_') + 1);
      const shown = answers.filter((it) => it.request().method() === 'POST');
      assert.equal(shown.length, 1);
      assert.equal(shown[0].headers()['cache-control'], 'no-store');
      assert.ok(!shown[0].url().includes(body));
      if (javaScriptEnabled) {
        assert.ok(!(await kept(page)).includes(body));
        await page.getByRole('button', { name: 'Test this key' }).click();
        await page.getByText(/^Allowed in/).waitFor();
        await keys.copyAndClose();
        assert.ok(!(await kept(page)).includes(body));
      } else {
        await page.getByText('Close', { exact: true }).last().click();
      }
      const later = async (where) => assert.ok(!(await content(page)).includes(body), where);
      await later('the list');
      await page.reload();
      await later('the list, again');
      // Without scripts, the page before is the answer to a form: it was not stored, so there is none.
      const away = async (step) => {
        await step.catch((error) => assert.match(error.message, /ERR_CACHE_MISS|ERR_ABORTED/));
        await page.waitForLoadState();
      };
      await away(page.goBack());
      await later('back');
      await away(page.goForward());
      await later('forward');
      const [{ id }] = (await owner.call('GET', '/v1/keys')).body.data;
      for (const path of [`/keys/${id}`, `/keys/${id}/edit`, `/keys/${id}/rotate`, `/keys/${id}/revoke`, '/keys/new', '/audit']) {
        await page.goto(path);
        await later(path);
      }
      const state = JSON.stringify(await context.storageState());
      assert.ok(!state.includes(body), 'cookies and storage');
      const log = house.server.log();
      assert.match(log, /DEBUG|TRACE/, 'the log is not at its most talkative');
      assert.ok(!log.includes(body), 'the log');
    });
  }

  test('reloading the page of a secret makes no second key and shows it no more', async () => {
    const owner = await house.owner('Acme', { javaScriptEnabled: false });
    const { page } = owner;
    const keys = house.keys(owner);
    await keys.open();
    const secret = await keys.create({ name: 'Production server' });
    // A reload by address, as a person does who is asked whether to send the form again and declines.
    await page.goto(page.url());
    assert.ok(!(await page.content()).includes(secret));
    assert.equal((await owner.call('GET', '/v1/keys')).body.data.length, 1);
  });

  test('no cookie, link or root key is in the log', async () => {
    const { server } = house;
    const member = await server.member(await server.organization('Acme'), house.profile.roles.most);
    const link = await server.signInLink(member);
    const visitor = await house.visitor();
    await visitor.open(link);
    const { value } = await visitor.cookie();
    const log = server.log();
    for (const secret of [link.split('/').at(-1), value, server.rootKey]) {
      assert.ok(!log.includes(secret), `${secret.slice(0, 8)}… is in the log`);
    }
  });
});
