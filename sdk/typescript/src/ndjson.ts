/** Answers that are streams: a line at a time, or the refusal instead of the first. */
import { foreign } from './connection.js';
import { problemError, undecided, Unreachable } from './errors.js';
import { retryAfterSeconds } from './retry.js';
import type { Problem } from './wire.js';

/** Each line that is not empty; throws `Unreachable` where the stream breaks. */
export async function* textLines(response: Response): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of whole(response)) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
  if (rest.trim() !== '') yield rest;
}

async function* whole(response: Response): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of response.body ?? []) yield chunk as Uint8Array;
  } catch {
    throw new Unreachable('the answer was cut off');
  }
}

/** What an answer that is no stream says instead. */
export async function refusalOf(response: Response): Promise<Error> {
  try {
    const problem = JSON.parse(await response.text()) as Problem;
    return response.status === 503
      ? undecided(problem, retryAfterSeconds(response.headers))
      : problemError(problem);
  } catch {
    return foreign(response.status);
  }
}
