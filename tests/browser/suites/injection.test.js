// Text that people and programs type is text on every page, whatever is in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

const IMAGE = '<img src=x onerror="globalThis.wasRun=1">';
const SCRIPT = '"><script>globalThis.wasRun=1</script>';
const QUOTE = '\' autofocus onfocus="globalThis.wasRun=1" {{7*7}}';

suiteOnce('text with markup in it', {}, (house) => {
  // Every field that stores text, with markup in it.
  const write = async (markup) => {
    const { server, profile } = house;
    const organization = await server.organization(`Acme ${markup}`);
    const project = await server.project(organization, `Search ${markup}`);
    const key = await server.key(organization, {
      name: `Key ${markup}`,
      description: `Description ${markup}`,
      owner: `Owner ${markup}`,
      project,
      metadata: { team: `Team ${markup}` },
    });
    const ended = await server.key(organization, { name: `Ended ${markup}` });
    await server.expect(200, 'POST', `/v1/keys/${ended.id}/revoke`, { reason: `Reason ${markup}` });
    const other = await server.member(organization, profile.roles.makes, { name: `Member ${markup}` });
    await server.expect(201, 'POST', '/v1/management-keys', { organization, name: `Manages ${markup}`, preset: 'admin' });
    await server.expect(201, 'POST', '/v1/invitations', { organization, email: 'ana@example.com', role: profile.roles.sees });
    return { organization, ids: { key: key.id, project, member: other.id, ended: ended.id } };
  };

  const isText = async (page, path, markup) => {
    const found = await page.evaluate(() => ({
      wasRun: globalThis.wasRun,
      images: document.querySelectorAll('img').length,
      scripts: document.querySelectorAll('script:not([src])').length,
      handlers: document.querySelectorAll('[onerror], [onfocus], [onclick], [onload]').length,
    }));
    assert.deepEqual(found, { wasRun: undefined, images: 0, scripts: 0, handlers: 0 }, `${path}: ${markup}`);
  };

  for (const [kind, markup] of Object.entries({ IMAGE, SCRIPT, QUOTE })) {
    test(`is shown as it was typed: ${kind.toLowerCase()}`, async () => {
      const { server, profile } = house;
      const { organization, ids } = await write(markup);
      const owner = await house.signedIn(organization, profile.roles.most, {}, { name: `Mara ${markup}` });
      const { page } = owner;
      const paths = [...profile.pages.map((it) => it.path), '/keys/{ended}', '/members/former', `/keys?q=${encodeURIComponent(markup)}`, `/audit?q=${encodeURIComponent(markup)}`];
      for (const path of paths) {
        const address = path.replace(/\{(\w+)\}/g, (_, id) => ids[id]);
        await page.goto(address);
        await page.getByRole('heading').first().waitFor();
        await isText(page, address, markup);
      }
      await page.goto(`/keys/${ids.key}`);
      for (const text of [`Key ${markup}`, `Description ${markup}`]) {
        await page.getByText(text).first().waitFor();
      }
      await page.goto('/members');
      await page.getByText(`Member ${markup}`).first().waitFor();
      // The person's own name stands on the page before anybody is signed in, too.
      const guest = await house.visitor();
      await guest.page.goto(await server.signInLink(owner.member));
      await guest.page.getByText(`Mara ${markup}`).first().waitFor();
      await isText(guest.page, 'sign-in link', markup);
    });
  }

  test('a form that is refused gives back what was typed as text', async () => {
    const owner = await house.owner();
    for (const [path, form] of [
      ['/keys/new', { name: SCRIPT.repeat(20), description: SCRIPT }],
      ['/invitations', { email: SCRIPT, role: SCRIPT }],
      ['/projects', { name: '', id: SCRIPT }],
      ['/sign-in', { email: SCRIPT, password: SCRIPT, next: SCRIPT }],
    ]) {
      const answer = await owner.post(path, form);
      assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
      assert.ok(!answer.text.includes('<script>globalThis'), path);
    }
  });
});
