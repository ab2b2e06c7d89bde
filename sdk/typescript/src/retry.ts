/** When a call is made again, and after how long. Only where that cannot do anything twice. */
import { Unreachable } from './errors.js';

const FIRST_PAUSE_MS = 50;
const GATEWAY_STATUSES = [502, 503, 504];

/** What came back, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** How long to wait before the next attempt; undefined: there is none. */
export function pauseMs(
  outcome: Answer | Unreachable,
  attempt: number,
  isRepeatable: boolean,
): number | undefined {
  // Half of it at random, so that the callers of one outage do not come back together.
  const backoff = FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2);
  if (outcome instanceof Unreachable) {
    return isRepeatable ? backoff : undefined;
  }
  const asked = retryAfterSeconds(outcome.headers);
  if (outcome.status === 503 && asked !== undefined) {
    // With Retry-After nothing was done, unless the server says that it does not know.
    const isSafe = isRepeatable || !outcome.text.includes('"outcome_unknown"');
    return isSafe ? asked * 1_000 : undefined;
  }
  // The first attempt is still being worked on.
  const isUnderWay = outcome.status === 409 && outcome.text.includes('"idempotency_in_progress"');
  return isRepeatable && (isUnderWay || GATEWAY_STATUSES.includes(outcome.status))
    ? backoff
    : undefined;
}

export function retryAfterSeconds(headers: Headers): number | undefined {
  const text = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
