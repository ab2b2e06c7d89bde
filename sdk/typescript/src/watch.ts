/**
 * Watching keys: a follow that goes on behind the last line whenever its connection ends.
 *
 * A program that holds something open for a key (a socket, a job) watches it, and ends what it holds
 * when the key ends. It begins to watch, asks about the key once it is `watching`, and asks again
 * after each change, so that none falls between.
 */
import { setTimeout as pause } from 'node:timers/promises';

import type { Connection } from './connection.js';
import { ProblemError, Undecided, Unreachable } from './errors.js';
import { refusalOf, textLines } from './ndjson.js';
import type { FollowedChange, FollowLine, Principal } from './wire.js';

/** Three times the longest silence of a server. */
const SILENCE_MS_MAX = 6_000;
/** Pause before the first new connection, doubled for each one that fails. */
const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 5_000;
/** Refusals that trying again does not change. */
const FINAL_STATUSES = [400, 401, 402, 403, 404, 406, 422];

export type WatchEvent =
  /** Every change behind `seq` is told from here on, and all since the last line before. */
  | { readonly kind: 'watching'; readonly seq: number }
  /** Something was changed, and holds. */
  | { readonly kind: 'changed'; readonly change: FollowedChange }
  /** Nothing is heard until it is `watching` again; nothing is missed then. */
  | { readonly kind: 'interrupted' }
  /** Changes were missed for good: ask about every key again. */
  | { readonly kind: 'lost' };

/** One key, as a verification tells of it. */
export type WatchedKey = Pick<Principal, 'id' | 'organization'>;

export interface WatchOptions {
  /** Ends the watch, also while it waits. */
  signal?: AbortSignal | undefined;
}

export class Watch {
  readonly #connection: Connection;
  readonly #key: WatchedKey | undefined;
  readonly #signal: AbortSignal | undefined;
  /** The last line that was read. */
  #last: number | undefined;
  #pauseMs = 0;
  #isInterrupted = false;

  constructor(connection: Connection, key?: WatchedKey, signal?: AbortSignal) {
    this.#connection = connection;
    this.#key = key;
    this.#signal = signal;
  }

  /** Throws where trying again changes nothing: the management key ended, or may not follow. */
  async *events(): AsyncGenerator<WatchEvent, void, undefined> {
    while (await this.#mayConnect()) {
      let isLost = false;
      try {
        for await (const line of lines(this.#connection, this.#last, this.#signal)) {
          if (this.#isOver()) return;
          const event = this.#read(line);
          isLost = event?.kind === 'lost';
          if (event !== undefined) yield event;
        }
      } catch (error) {
        isLost = isPositionUnknown(error);
        if (isLost) yield this.#lost();
        else if (isFinal(error)) throw error;
      }
      if (!isLost && !this.#isInterrupted && !this.#isOver()) {
        this.#isInterrupted = true;
        yield { kind: 'interrupted' };
      }
    }
  }

  #isOver(): boolean {
    return this.#signal?.aborted ?? false;
  }

  async #mayConnect(): Promise<boolean> {
    const options = this.#signal === undefined ? {} : { signal: this.#signal };
    // It fails by the signal alone.
    await pause(this.#pauseMs, undefined, options).catch(() => undefined);
    this.#pauseMs = Math.min(Math.max(this.#pauseMs * 2, PAUSE_MS_MIN), PAUSE_MS_MAX);
    return !this.#isOver();
  }

  #read(line: FollowLine): WatchEvent | undefined {
    if (line.type === 'end') return line.reason === 'lost' ? this.#lost() : undefined;
    // A kind that a later server has.
    if (!['position', 'heartbeat', 'change'].includes(line.type)) return undefined;
    this.#last = line.seq;
    if (line.type === 'position') {
      this.#pauseMs = 0;
      this.#isInterrupted = false;
      return { kind: 'watching', seq: line.seq };
    }
    if (line.type === 'heartbeat' || !this.#isMeant(line)) return undefined;
    const { type: _, ...change } = line;
    return { kind: 'changed', change };
  }

  #lost(): WatchEvent {
    this.#last = undefined;
    return { kind: 'lost' };
  }

  /** Whether the key may be answered differently since this change. */
  #isMeant({ touches, keys, organization }: FollowedChange): boolean {
    if (this.#key === undefined) return true;
    if (touches === 'keys') return keys.includes(this.#key.id);
    return touches === 'organization' ? organization === this.#key.organization : true;
  }
}

/** The lines of one connection, until it ends; throws when it breaks, falls silent or is refused. */
async function* lines(
  connection: Connection,
  after: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<FollowLine, void, undefined> {
  const ending = new AbortController();
  const end = () => ending.abort();
  signal?.addEventListener('abort', end);
  let silence = setTimeout(end, SILENCE_MS_MAX);
  try {
    const response = await connection.follow('/v1/follow', { after }, ending.signal);
    if (!response.ok) throw await refusalOf(response);
    for await (const line of textLines(response)) {
      clearTimeout(silence);
      yield parse(line);
      silence = setTimeout(end, SILENCE_MS_MAX);
    }
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener('abort', end);
    end();
  }
}

function parse(line: string): FollowLine {
  try {
    return JSON.parse(line) as FollowLine;
  } catch {
    throw new Unreachable('a line was cut off');
  }
}

function isPositionUnknown(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'position_unknown';
}

/** Whether it would be refused again whatever happens. Silence and a broken connection are not. */
function isFinal(error: unknown): boolean {
  if (error instanceof ProblemError) return FINAL_STATUSES.includes(error.status);
  return !(error instanceof Undecided);
}
