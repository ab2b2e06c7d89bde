import { readFileSync } from 'node:fs';

/** `tests/vectors` of the repository. This file runs from `build/out/test`. */
export function vectors<T>(name: string): T[] {
  const file = new URL(`../../../../../tests/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as T[];
}
