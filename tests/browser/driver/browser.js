// Debian's Chromium, and visitors in it: each a context of their own, and watched. A page may not
// write an error to the console, break the content policy, or ask another host for anything.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import axe from 'axe-core';
import { chromium } from 'playwright-core';

import { TARGET } from './server.js';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
// A machine that builds meanwhile is slow to open its first page.
const WAIT_MS_MAX = 15_000;
export const SCREENS = join(TARGET, 'screens');
export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 860 };

export async function launch() {
  const executablePath = PLACES.find((it) => existsSync(it));
  assert.ok(executablePath, 'no Chromium: run script/browser-tests, which installs it');
  // Tests may run as root, in whose name Chromium has no sandbox.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

// A refusal that was asked for is no error of a page; a file of ours that is missing is.
const isAnswer = (message) =>
  /Failed to load resource: the server responded with a status of (4\d\d|503)/.test(message.text()) &&
  !message.location().url.includes('/assets/');

export class Visitor {
  static async arrive(browser, server, options = {}) {
    const visitor = new Visitor();
    visitor.server = server;
    visitor.faults = [];
    visitor.expected = [];
    visitor.origins = [server.url];
    visitor.context = await browser.newContext({
      baseURL: server.url,
      viewport: DESK,
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
      ...options,
    });
    visitor.context.setDefaultTimeout(WAIT_MS_MAX);
    await visitor.#watch();
    visitor.page = await visitor.context.newPage();
    return visitor;
  }

  async #watch() {
    const { context, faults } = this;
    context.on('console', (message) => {
      const isLoud = ['error', 'warning'].includes(message.type());
      const isExpected = this.expected.some((it) => it.test(message.text()));
      if (isLoud && !isExpected && !isAnswer(message)) faults.push(`console: ${message.text()}`);
    });
    context.on('weberror', (error) => faults.push(`script: ${error.error()}`));
    context.on('request', (request) => {
      const isOurs = this.origins.some((it) => request.url().startsWith(`${it}/`));
      const isLocal = /^(data|blob|about):/.test(request.url());
      if (!isOurs && !isLocal) faults.push(`another host: ${request.url()}`);
    });
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
  }

  // A site that this visitor visits on purpose.
  mayVisit(origin) {
    this.origins.push(origin);
  }

  // An error that a test provokes.
  expects(pattern) {
    this.expected.push(pattern);
  }

  // Spends a one-time link.
  async open(link) {
    await this.page.goto(link);
    await this.page.getByRole('main').getByRole('button').click();
    await this.page.waitForURL((url) => !link.endsWith(url.pathname));
  }

  async cookie() {
    const cookies = await this.context.cookies();
    assert.equal(cookies.length, 1, JSON.stringify(cookies));
    return cookies[0];
  }

  // A request as a page of our own would send it, by hand: what a control that is not shown would do.
  async post(path, form, headers = {}) {
    const { name, value } = await this.cookie();
    const answer = await fetch(this.server.url + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: `${name}=${value}`, origin: this.server.url, ...headers },
      body: new URLSearchParams(form),
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }

  // The API by the session cookie.
  async call(method, path, body, headers = {}) {
    const { name, value } = await this.cookie();
    const proof = { cookie: `${name}=${value}`, origin: this.server.url, ...headers };
    return this.server.call(method, path, body, proof);
  }

  async axe() {
    // Evaluated from outside of the page, so the content policy stays in force.
    await this.page.evaluate(axe.source);
    const found = await this.page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
      return violations.map((it) => `${it.id} (${it.help}): ${it.nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
    });
    assert.deepEqual(found, [], `axe on ${this.page.url()}`);
  }

  async screen(name) {
    mkdirSync(SCREENS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENS, `${name}.png`), fullPage: true });
  }

  // Nothing reaches out of the page sideways.
  async fits() {
    const excess = await this.page.evaluate(() => {
      const root = document.documentElement;
      return root.scrollWidth - root.clientWidth;
    });
    assert.ok(excess <= 0, `${this.page.url()} is ${excess} px too wide`);
  }

  // Nothing went wrong so far.
  isContent() {
    assert.deepEqual(this.faults.splice(0), []);
  }

  async leave() {
    await this.context.close();
    this.isContent();
  }
}
