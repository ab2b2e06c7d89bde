// The pictures of docs/dashboard.md, made small, out of those that the suites wrote to target/screens.
// usage: node tests/browser/pictures.js
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { launch, SCREENS } from './driver/browser.js';

const FOLDER = resolve(import.meta.dirname, '../../docs/dashboard');
const NAMES = [
  'keys', 'keys-dark', 'keys-390', 'create', 'reveal', 'banner', 'details', 'rotate', 'revoked', 'empty',
  'members', 'roles', 'audit', 'limits', 'portal', 'locked', 'sign-in-link',
];
const QUALITY = 0.82;

const browser = await launch();
const page = await browser.newPage();
mkdirSync(FOLDER, { recursive: true });
for (const name of NAMES) {
  const png = readFileSync(join(SCREENS, `keyway-${name}.png`)).toString('base64');
  const webp = await page.evaluate(async ([data, quality]) => {
    const image = Object.assign(new Image(), { src: `data:image/png;base64,${data}` });
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    canvas.getContext('2d').drawImage(image, 0, 0);
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality });
    return Array.from(new Uint8Array(await blob.arrayBuffer()));
  }, [png, QUALITY]);
  writeFileSync(join(FOLDER, `${name}.webp`), Uint8Array.from(webp));
}
await browser.close();
