/** One call: its address, its time, its repetitions, and what its answer means. */
import { randomUUID } from 'node:crypto';

import { problemError, undecided, Unreachable } from './errors.js';
import { idempotentRoutes } from './generated/routes.js';
import type { Settings } from './options.js';
import { type Answer, pauseMs, retryAfterSeconds } from './retry.js';
import type { Problem } from './wire.js';

/** On which terms a change is made. */
export interface Terms {
  /** Only if the object still has this version. */
  version?: number;
  /** Made for each call where the route takes one; give your own to repeat across processes. */
  idempotencyKey?: string;
  /** How long the server waits until the change is in force everywhere, such as `10s`. */
  wait?: string;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined | null>>;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As the OpenAPI document has it: `/v1/keys/{id}`. */
  readonly route: string;
  /** What stands in the place of its braces. */
  readonly id?: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly terms?: Terms;
  /** A question: it changes nothing, and somebody waits for it. */
  readonly isQuestion?: boolean;
  /** A change that is the same when it is made twice. */
  readonly isRepeatable?: boolean;
}

export class Connection {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async call<T>(call: Call): Promise<T> {
    const answer = await this.#repeated(call);
    if (answer.status >= 200 && answer.status < 300) {
      return parse<T>(answer);
    }
    const problem = parse<Problem>(answer);
    if (typeof problem?.code !== 'string' || typeof problem.title !== 'string') {
      throw foreign(answer.status);
    }
    throw answer.status === 503
      ? undecided(problem, retryAfterSeconds(answer.headers))
      : problemError(problem);
  }

  /** A call whose body and answer are streams: no end is set and nothing is repeated. */
  stream(route: string, type: string, body: ReadableStream<Uint8Array>): Promise<Response> {
    const headers = { ...this.#headers(), 'content-type': type };
    // TypeScript's types do not know `duplex` yet, which a body that is a stream needs.
    const request = { method: 'POST', headers, body, duplex: 'half', redirect: 'manual' };
    return this.#opened(this.#url({ route }), request as RequestInit);
  }

  /** A call whose answer goes on until `signal` or the server ends it. */
  follow(route: string, query: Query, signal: AbortSignal): Promise<Response> {
    const request: RequestInit = { headers: this.#headers(), redirect: 'manual', signal };
    return this.#opened(this.#url({ route, query }), request);
  }

  async #opened(url: URL, request: RequestInit): Promise<Response> {
    try {
      return await this.#settings.fetch(url, request);
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  async #repeated(call: Call): Promise<Answer> {
    const isKeyed = call.method === 'POST' && idempotentRoutes.has(call.route);
    const isSafe = isKeyed || call.method === 'GET' || call.isQuestion || call.isRepeatable || false;
    const url = this.#url(call);
    const request = this.#request(call, isKeyed);
    const { retries, verifyTimeoutMs, timeoutMs } = this.#settings;
    const end = Date.now() + (call.isQuestion ? verifyTimeoutMs : timeoutMs);
    // A question shares its time between its attempts, so that one dead connection is not the end.
    const attemptMs = call.isQuestion ? verifyTimeoutMs / (retries + 1) : timeoutMs;
    for (let attempt = 0; ; attempt++) {
      const left = Math.min(attemptMs, end - Date.now());
      const outcome = await this.#attempt(url, request, left);
      const pause = attempt < retries ? pauseMs(outcome, attempt, isSafe) : undefined;
      if (pause !== undefined && Date.now() + pause < end) {
        await new Promise((resume) => setTimeout(resume, pause));
      } else if (outcome instanceof Unreachable) {
        throw outcome;
      } else {
        return outcome;
      }
    }
  }

  /** The same for all attempts, its `Idempotency-Key` above all. */
  #request(call: Call, isKeyed: boolean): RequestInit {
    const headers = this.#headers();
    if (call.body !== undefined) headers['content-type'] = 'application/json';
    if (call.terms?.version !== undefined) headers['if-match'] = `"${call.terms.version}"`;
    if (isKeyed) headers['idempotency-key'] = call.terms?.idempotencyKey ?? randomUUID();
    const body = call.body === undefined ? null : JSON.stringify(call.body);
    // A credential must not travel to where nobody sent it.
    return { method: call.method, headers, body, redirect: 'manual' };
  }

  async #attempt(url: URL, request: RequestInit, ms: number): Promise<Answer | Unreachable> {
    try {
      const signal = AbortSignal.timeout(Math.max(1, Math.ceil(ms)));
      const response = await this.#settings.fetch(url, { ...request, signal });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (cause) {
      return this.#unreachable(cause);
    }
  }

  #headers(): Record<string, string> {
    return {
      authorization: `Bearer ${this.#settings.token}`,
      accept: 'application/json',
    };
  }

  #url(call: Pick<Call, 'route' | 'id' | 'query' | 'terms'>): URL {
    const url = new URL(this.#settings.url);
    const path = call.route.replace(/\{\w+\}/, () => encodeSegment(call.id ?? ''));
    url.pathname = url.pathname.replace(/\/$/, '') + path;
    url.search = '';
    const query = { ...call.query, wait: call.terms?.wait };
    for (const [name, value] of Object.entries(query)) {
      if (value != null) url.searchParams.set(name, String(value));
    }
    return url;
  }

  /** Says where the call went and not what was in it: causes of a platform may quote a request. */
  #unreachable(cause: unknown): Unreachable {
    const { name, cause: inner } = cause as { name?: string; cause?: { code?: string } };
    const why = name === 'TimeoutError' ? 'no answer in time' : (inner?.code ?? name ?? 'no answer');
    return new Unreachable(`Keyway at ${this.#settings.url.origin} cannot be reached (${why})`);
  }
}

/** An id stays one segment and cannot lead to another route. */
function encodeSegment(id: string): string {
  if (id === '' || id === '.' || id === '..') {
    throw new TypeError(`"${id}" is no id`);
  }
  return encodeURIComponent(id);
}

function parse<T>(answer: Answer): T {
  try {
    return JSON.parse(answer.text) as T;
  } catch {
    throw foreign(answer.status);
  }
}

export function foreign(status: number): Unreachable {
  return new Unreachable(`the answer with status ${status} is not one of Keyway's`);
}
