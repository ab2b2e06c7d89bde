// The watch itself: it must notice what it is there for.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteOnce } from '../driver/house.js';

suiteOnce('the watch over every page', {}, (house) => {
  for (const [what, provoke, pattern] of [
    ['an error in the console', () => console.error('broken'), /broken/],
    ['an error of a script', () => setTimeout(() => { throw new Error('broken'); }), /broken/],
    ['an inline script', () => document.body.append(Object.assign(document.createElement('script'), { textContent: '1' })), /policy: script-src/],
    ['an inline style', () => document.body.setAttribute('style', 'color: red'), /policy: style-src/],
    ['a question to another host', () => document.body.append(Object.assign(new Image(), { src: 'https://other.example/x.png', alt: '' })), /policy: img-src/],
  ]) {
    test(`it notices ${what}`, async () => {
      const visitor = house.keep(await house.visitor());
      await visitor.page.goto('/sign-in');
      const told = visitor.page.waitForEvent('console', (it) => it.text() === 'that was all');
      await visitor.page.evaluate(provoke);
      await visitor.page.evaluate(() => setTimeout(() => console.log('that was all'), 50));
      await told;
      await visitor.context.close();
      assert.match(visitor.faults.join('\n'), pattern);
      assert.throws(() => visitor.isContent());
    });
  }

  test('it notices what only a seeing person can use, and what does not fit', async () => {
    const visitor = house.keep(await house.visitor());
    await visitor.page.goto('/sign-in');
    await visitor.axe();
    await visitor.fits();
    await visitor.page.evaluate(() => {
      const button = document.createElement('button');
      button.className = 'wide-beyond';
      document.querySelector('main').append(button);
    });
    await assert.rejects(() => visitor.axe(), /button-name/);
    await visitor.page.evaluate(() => {
      const rule = new CSSStyleSheet();
      rule.replaceSync('.wide-beyond { min-width: 200vw }');
      document.adoptedStyleSheets.push(rule);
    });
    await assert.rejects(() => visitor.fits(), /px too wide/);
    await visitor.context.close();
  });
});
