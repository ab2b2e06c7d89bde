// What others may try. Each test ends with what must not have happened.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Elsewhere } from '../driver/elsewhere.js';
import { suiteOnce } from '../driver/house.js';
import { furnish } from '../driver/scene.js';

suiteOnce('attacks', {}, (house) => {
  test('a form of another site changes nothing, though the browser sends the cookie along', async (t) => {
    const { server } = house;
    const owner = await house.owner();
    const key = await server.key(owner.organization);
    for (const action of [`/keys/${key.id}/revoke`, '/sign-out', '/sign-out-everywhere']) {
      const html = `<form method="post" action="${server.url}${action}"><button>Win a prize</button></form>`;
      const site = await Elsewhere.start(html);
      t.after(() => site.stop());
      owner.mayVisit(site.url);
      await owner.page.goto(site.url);
      const answered = owner.page.waitForResponse((it) => it.url() === server.url + action);
      await owner.page.getByRole('button').click();
      const answer = await answered;
      assert.equal(answer.status(), 403, action);
      // The refusal is about where the form came from: the cookie did arrive.
      const sent = await answer.request().allHeaders();
      assert.equal(sent['sec-fetch-site'], 'same-site');
      assert.match(sent.cookie, new RegExp(`^${house.profile.cookie}=`));
    }
    assert.equal(await server.verdict(key.secret), 'valid');
    await owner.page.goto('/keys');
    await owner.page.getByRole('heading', { level: 1, name: house.words.keys }).waitFor();
  });

  test('a write without proof of where it comes from is refused', async () => {
    const { server } = house;
    const owner = await house.owner();
    const key = await server.key(owner.organization);
    const forged = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: '' },
      { origin: `${server.url}.evil.example` },
      { origin: server.url, 'sec-fetch-site': 'cross-site' },
      { origin: server.url, 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of forged) {
      const page = await owner.post(`/keys/${key.id}/revoke`, {}, headers);
      assert.equal(page.status, 403, `page, ${JSON.stringify(headers)}`);
      const api = await owner.call('POST', `/v1/keys/${key.id}/revoke`, undefined, headers);
      assert.equal(api.status, 403, `API, ${JSON.stringify(headers)}`);
      assert.equal(api.body.code, 'cross_origin');
    }
    assert.equal(await server.verdict(key.secret), 'valid');
  });

  test('no form of any page can be sent from another site', async () => {
    const { server, profile } = house;
    const { mara, ids, organization } = await furnish(server, profile);
    const owner = await house.visitor();
    await owner.open(await server.signInLink(mara));
    const actions = new Set();
    for (const { path } of profile.pages) {
      const address = path.replace(/\{(\w+)\}/g, (_, id) => ids[id]);
      await owner.page.goto(address);
      // Where each button sends its form: a button may have an address of its own.
      const found = await owner.page.locator('form').evaluateAll((forms) => {
        const buttons = forms.filter((it) => it.method === 'post')
          .flatMap((it) => [...it.elements].filter((element) => element.type === 'submit'));
        const action = (it) => it.hasAttribute('formaction') ? it.formAction : it.form.action;
        return buttons.map((it) => new URL(action(it)).pathname);
      });
      for (const action of found) actions.add(action);
    }
    assert.ok(actions.size >= 12, [...actions].join(' '));
    const head = async () => (await server.expect(200, 'GET', `/v1/audit?organization=${organization}&limit=1`)).data[0];
    const before = await head();
    for (const action of actions) {
      const answer = await owner.post(action, { name: 'Forged', version: '1' }, { origin: 'https://evil.example' });
      assert.equal(answer.status, 403, action);
      assert.match(answer.headers.get('content-type'), /^text\/html/, action);
      assert.match(answer.text, /<h1/, action);
    }
    assert.deepEqual(await head(), before);
    await owner.page.goto('/keys');
    await owner.page.getByRole('heading', { level: 1, name: house.words.keys }).waitFor();
  });

  test('another site cannot sign its visitors in as somebody', async (t) => {
    const { server } = house;
    const member = await server.member(await server.organization('Acme'), house.profile.roles.most);
    const link = await server.signInLink(member);
    const site = await Elsewhere.start(`<form method="post" action="${link}"><button>Win</button></form>`);
    t.after(() => site.stop());
    const victim = await house.visitor();
    victim.mayVisit(site.url);
    await victim.page.goto(site.url);
    const answered = victim.page.waitForResponse(link);
    await victim.page.getByRole('button').click();
    assert.equal((await answered).status(), 403);
    await victim.page.getByRole('heading', { level: 1 }).waitFor();
    assert.deepEqual(await victim.context.cookies(), []);
    // And the link is not spent.
    await victim.open(link);
  });

  test('no other site can put a page into a frame', async (t) => {
    const { server } = house;
    const owner = await house.owner();
    for (const path of ['/keys', '/sign-in', '/no-such-page']) {
      const { headers } = await owner.call('GET', path, undefined, {});
      assert.match(headers.get('content-security-policy'), /frame-ancestors 'none'/, path);
      assert.equal(headers.get('x-frame-options'), 'DENY', path);
    }
    const site = await Elsewhere.start(`<h1>Bait</h1><iframe title="Prey" src="${server.url}/keys"></iframe>`);
    t.after(() => site.stop());
    owner.mayVisit(site.url);
    owner.expects(/frame-ancestors|X-Frame-Options|refused to connect/i);
    await owner.page.goto(site.url);
    const frame = owner.page.frameLocator('iframe');
    await owner.page.getByRole('heading', { name: 'Bait' }).waitFor();
    assert.equal(await frame.getByRole('heading', { name: house.words.keys }).count(), 0);
  });

  test('a member hands on nothing that they do not hold, and nothing outside their project', async () => {
    const { server, profile } = house;
    const organization = await server.organization('Acme');
    const own = await server.project(organization, 'Billing');
    const other = await server.project(organization, 'Ingest');
    const fields = { project_roles: { [own]: profile.roles.makes } };
    const maker = await house.signedIn(organization, profile.roles.sees, {}, fields);
    const grants = (permission, resource) => [{ permissions: [permission], resource }];
    const make = (project, given) =>
      maker.call('POST', '/v1/keys', { organization, project, name: 'More than mine', grants: given });
    // A key of a project reaches no further than its project, whatever its grants say.
    const inside = await make(own, grants(profile.otherPermission, '*'));
    assert.equal(inside.status, 201, inside.text);
    const asked = { permissions: [profile.otherPermission] };
    const verdict = (resource) => server.verdict(inside.body.secret, { ...asked, resource });
    assert.equal(await verdict(`project/${own}`), 'valid');
    assert.equal(await verdict(`project/${other}`), 'out_of_scope');
    const before = await server.expect(200, 'GET', `/v1/keys?organization=${organization}`);
    for (const [project, given] of [
      [own, grants(profile.otherPermission, `project/${other}`)],
      [other, grants(profile.permission, `project/${other}`)],
      [undefined, grants(profile.otherPermission, '*')],
    ]) {
      const answer = await make(project, given);
      assert.equal(answer.status, 403, `${project}: ${JSON.stringify(given)}: ${answer.text}`);
      assert.equal(answer.body.code, 'permission_denied');
    }
    const after = await server.expect(200, 'GET', `/v1/keys?organization=${organization}`);
    assert.deepEqual(after.data.map((it) => it.id), before.data.map((it) => it.id));
  });

  test('a viewer can neither make a key nor give themselves more', async () => {
    const { server, profile } = house;
    const organization = await server.organization('Acme');
    const key = await server.key(organization);
    const viewer = await house.signedIn(organization, profile.roles.sees);
    const tries = [
      ['POST', '/v1/keys', { organization, name: 'Mine' }],
      ['PATCH', `/v1/keys/${key.id}`, { name: 'Mine' }],
      ['POST', `/v1/keys/${key.id}/rotate`, {}],
      ['POST', `/v1/keys/${key.id}/revoke`],
      ['DELETE', `/v1/keys/${key.id}`],
      ['PATCH', `/v1/members/${viewer.member.id}`, { role: profile.roles.most }],
      ['POST', '/v1/invitations', { organization, email: 'more@example.com', role: profile.roles.most }],
      ['POST', '/v1/sign-in-links', { member: viewer.member.id }],
      ['POST', '/v1/management-keys', { organization, name: 'Mine', preset: 'admin' }],
      ['POST', '/v1/portal-sessions', { organization, permissions: ['keys.create'] }],
    ];
    for (const [method, path, body] of tries) {
      const answer = await viewer.call(method, path, body, { 'if-match': '*' });
      assert.equal(answer.status, 403, `${method} ${path}: ${answer.text}`);
    }
    assert.equal(await server.verdict(key.secret), 'valid');
    const keys = await server.expect(200, 'GET', `/v1/keys?organization=${organization}`);
    assert.equal(keys.data.length, 1);
    const me = await server.expect(200, 'GET', `/v1/members/${viewer.member.id}`);
    assert.equal(me.role, profile.roles.sees);
  });
});
