// Takes the code out of README.md: each becomes build/snippets/HEADING.ts, to be compiled and run.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const out = new URL('../build/snippets/', import.meta.url);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const section of readme.split(/^## /m).slice(1)) {
  const name = section.split('\n', 1)[0].toLowerCase().replaceAll(' ', '-');
  const code = [...section.matchAll(/^```ts\n(.*?)^```/gms)].map((it) => it[1]);
  if (code.length > 1) throw new Error(`${name}: one piece of code per section`);
  if (code.length === 1) writeFileSync(new URL(`${name}.ts`, out), code[0]);
}
