import { ConfigurationError } from './errors.js';

/** Longer than any verification takes, short enough that a product's request does not hang on it. */
const VERIFY_TIMEOUT_MS = 3_000;
/** Longer than the server waits by itself until a change is in force everywhere. */
const TIMEOUT_MS = 60_000;
const RETRIES = 2;

export interface KeywayOptions {
  /** Where the server is; `KEYWAY_URL` if absent. */
  url?: string;
  /** The management key; `KEYWAY_TOKEN` if absent. */
  token?: string;
  /** For a question about a key, repetitions included. */
  verifyTimeoutMs?: number;
  /** For every other call, repetitions included. */
  timeoutMs?: number;
  /** How often a call that is safe to repeat is repeated. */
  retries?: number;
  /** Instead of the platform's own. */
  fetch?: typeof fetch;
}

export interface Settings {
  readonly url: URL;
  readonly token: string;
  readonly verifyTimeoutMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly fetch: typeof fetch;
}

export function readOptions(options: KeywayOptions): Settings {
  return {
    url: parseUrl(options.url ?? fromEnvironment('KEYWAY_URL', 'url')),
    token: parseToken(options.token ?? fromEnvironment('KEYWAY_TOKEN', 'token')),
    verifyTimeoutMs: positive('verifyTimeoutMs', options.verifyTimeoutMs ?? VERIFY_TIMEOUT_MS),
    timeoutMs: positive('timeoutMs', options.timeoutMs ?? TIMEOUT_MS),
    retries: options.retries ?? RETRIES,
    fetch: options.fetch ?? fetch,
  };
}

function fromEnvironment(variable: string, option: string): string {
  const value = typeof process === 'undefined' ? undefined : process.env[variable];
  if (value === undefined || value === '') {
    throw new ConfigurationError(
      `${variable} is not set: set it, or give \`${option}\` (\`keyway dev\` prints both at its start)`,
    );
  }
  return value;
}

/** Refusals do not repeat what was given: it may be a token in the wrong place. */
function parseUrl(unverified: string): URL {
  const url = toUrl(unverified);
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new ConfigurationError('the address of the server is not an http or https address');
  }
  return url;
}

function toUrl(unverified: string): URL | undefined {
  try {
    return new URL(unverified);
  } catch {
    return undefined;
  }
}

/** Read here, because the platform's own error for a bad header quotes the header. */
function parseToken(unverified: string): string {
  if (!/^[\x21-\x7e]+$/.test(unverified)) {
    throw new ConfigurationError('the management key holds characters that no key has');
  }
  return unverified;
}

function positive(name: string, milliseconds: number): number {
  if (!(milliseconds > 0)) {
    throw new ConfigurationError(`${name} must be more than 0`);
  }
  return milliseconds;
}
