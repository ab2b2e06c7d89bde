// What a suite needs: a server, a browser, and whoever visits. Every test's visitors leave at its end,
// and none may have met an error.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe } from 'node:test';

import { launch, Visitor } from './browser.js';
import { KeyPages } from './keys.js';
import { Server } from './server.js';

const FOLDER = join(import.meta.dirname, '../profiles');
const ONLY = process.env.KEYWAY_BROWSER_PROFILE;

const DEFAULT = 'keyway';

const known = readdirSync(FOLDER).map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')));
const profiles = known.filter((profile) => !ONLY || profile.name === ONLY);

export const theDefault = known.find((profile) => profile.name === DEFAULT);

export class House {
  visitors = [];

  constructor(profile) {
    this.profile = profile;
    this.words = profile.words;
  }

  async visitor(options) {
    const visitor = await Visitor.arrive(this.browser, this.server, options);
    this.visitors.push(visitor);
    return visitor;
  }

  // A visitor who stays for the tests to come.
  keep(visitor) {
    this.visitors = this.visitors.filter((it) => it !== visitor);
    return visitor;
  }

  // Somebody with a role, signed in.
  async signedIn(organization, role, options = {}, fields = {}) {
    const member = await this.server.member(organization, role, fields);
    const visitor = await this.visitor(options);
    await visitor.open(await this.server.signInLink(member));
    visitor.member = member;
    visitor.organization = organization;
    return visitor;
  }

  // The key pages, as this visitor finds them.
  keys(visitor) {
    return new KeyPages(visitor.page, this.profile, this.server.projects.get(visitor.organization));
  }

  // An organization, and its owner in front of the key page.
  async owner(name = 'Acme', options = {}) {
    const organization = await this.server.organization(name);
    return this.signedIn(organization, this.profile.roles.most, options);
  }

  async partWithAll() {
    const visitors = this.visitors.splice(0);
    const left = await Promise.allSettled(visitors.map((it) => it.leave()));
    const failed = left.find((it) => it.status === 'rejected');
    if (failed) throw failed.reason;
  }
}

// What a profile changes is tried under each: words, places, columns, flows, controls that are there or
// not, and who may do what. What is so and what not, `profiles/NAME.json` says: another profile adds
// data and no test.
export function suite(title, environment, tests, options = {}) {
  for (const profile of profiles) run(profile, title, environment, tests, options);
}

// What no profile changes is tried once, under the default one: attacks, TLS, signing in, members, the
// audit log; and so is what a table of pages can say, with `options.pages`.
export function suiteOnce(title, environment, tests, options = {}) {
  suiteOf(DEFAULT, title, environment, tests, options);
}

// What one product's documentation says of its pages.
export function suiteOf(name, title, environment, tests, options = {}) {
  const profile = profiles.find((it) => it.name === name);
  if (profile) run(profile, title, environment, tests, options);
}

function run(profile, title, environment, tests, options) {
  describe(`${profile.name}: ${title}`, () => {
    const house = new House(profile);
    before(async () => {
      [house.server, house.browser] = await Promise.all([Server.start(profile, environment, options), launch()]);
    });
    afterEach(() => house.partWithAll());
    after(async () => {
      await house.browser?.close();
      await house.server?.stop();
    });
    tests(house);
  });
}
