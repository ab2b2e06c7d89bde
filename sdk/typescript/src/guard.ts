/**
 * What the guards of all frameworks have in common: from a request to a principal, or to the answer
 * that refuses it. It fails closed. Whatever goes wrong on the way, an exception of the product's own
 * functions included, is 503: never allowed, and never 401, which would send the key's user after a
 * fault that is not theirs.
 */
import { type Carrier, CARRIERS, findCredential, type Headers } from './credential.js';
import { KeyRefused, KeywayError, Undecided } from './errors.js';
import { codes } from './generated/codes.js';
import type { Question, Verifier } from './verifier.js';
import type { Principal } from './wire.js';

type Of<R, T> = T | ((request: R) => T);

export interface GuardOptions<R> {
  /** All of these are needed; none asks only whether the key works. */
  permissions?: Of<R, readonly string[]>;
  /** On what, such as `project/ID`. A function must give one. */
  resource?: Of<R, string>;
  organization?: Of<R, string>;
  environment?: Of<R, string>;
  /** Where the key is used from; the address of the connection if absent. */
  ip?: (request: R) => string | undefined;
  /** Where the key is looked for: `Authorization: Bearer` and `X-API-Key` if absent. */
  carriers?: readonly Carrier[];
  /** Told when a request was answered 503, and why. One line to stderr if absent. */
  onUndecided?: (error: unknown) => void;
}

/** An answer that refuses a request: problem details of RFC 9457. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Outcome = { readonly principal: Principal } | { readonly refusal: Refusal };

/** What a framework knows about the connection. */
interface Request {
  readonly headers: Headers;
  readonly address: string | undefined;
}

export async function admit<R>(
  verifier: Verifier,
  options: GuardOptions<R>,
  request: R,
  { headers, address }: Request,
): Promise<Outcome> {
  const found = findCredential(headers, options.carriers ?? CARRIERS);
  if ('code' in found) {
    return { refusal: refuse(found.code, found.code === 'api_key_missing' ? 401 : 400) };
  }
  try {
    const question = ask(options, request, address);
    return { principal: await verifier.verify(found.secret, question) };
  } catch (error) {
    if (error instanceof KeyRefused && error.status >= 400 && error.status < 500) {
      return { refusal: refuse(error.code, error.status, error) };
    }
    (options.onUndecided ?? report)(error);
    const after = error instanceof Undecided ? error.retryAfterSeconds : undefined;
    return { refusal: refuse('undecided', 503, undefined, after) };
  }
}

function ask<R>(options: GuardOptions<R>, request: R, address: string | undefined): Question {
  const given = <T>(value: Of<R, T>): T =>
    typeof value === 'function' ? (value as (request: R) => T)(request) : value;
  const question: Question = { permissions: [...given(options.permissions ?? [])] };
  for (const name of ['resource', 'organization', 'environment'] as const) {
    const value = options[name];
    if (value === undefined) continue;
    const text = given(value);
    // Left out, it would be another and perhaps a milder question.
    if (typeof text !== 'string' || text === '') throw new TypeError(`no ${name} for this request`);
    question[name] = text;
  }
  const ip = options.ip === undefined ? address : options.ip(request);
  if (ip !== undefined) question.ip = ip;
  return question;
}

function refuse(
  code: string,
  status: number,
  error?: KeyRefused,
  afterSeconds = error?.retryAfterSeconds ?? 1,
): Refusal {
  const missing = error?.missingPermissions ?? [];
  const problem = {
    title: error?.title ?? codes[code]?.title,
    status,
    detail: missing.length > 0 ? `it needs ${missing.join(', ')}` : codes[code]?.happened,
    code,
  };
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  };
  const challenge = challengeOf(code, status);
  if (challenge !== undefined) headers['www-authenticate'] = challenge;
  if (status === 503 || status === 429) headers['retry-after'] = String(afterSeconds);
  return { status, headers, body: JSON.stringify(problem) };
}

function challengeOf(code: string, status: number): string | undefined {
  if (status === 400) return 'Bearer error="invalid_request"';
  if (code === 'insufficient_permissions') return 'Bearer error="insufficient_scope"';
  if (status !== 401) return undefined;
  return code === 'api_key_missing' ? 'Bearer' : 'Bearer error="invalid_token"';
}

function report(error: unknown): void {
  // Errors of this package hold no secret; what others put into a message is not known.
  const what = error instanceof KeywayError ? error.message : (error as Error | undefined)?.name;
  console.error(`keyway: a request was answered 503: ${what}`);
}
