export { Keyway } from './client.js';
export type { Terms } from './connection.js';
export * from './errors.js';
export type { KeywayOptions } from './options.js';
export type { KeysQuery } from './resources/keys.js';
export type { ResourcesQuery, Whose } from './resources/resources.js';
export type { Question, Verifier } from './verifier.js';
export type { WatchedKey, WatchEvent, WatchOptions } from './watch.js';
export type * from './wire.js';
