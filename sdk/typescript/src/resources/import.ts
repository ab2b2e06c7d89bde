/** `POST /v1/keys/import`: lines go out while their refusals come in, so nobody holds all of them. */
import { type Connection, foreign } from '../connection.js';
import { problemError, Undecided, undecided, Unreachable } from '../errors.js';
import { retryAfterSeconds } from '../retry.js';
import type { ImportLine, ImportRefusal, ImportTotals, Problem } from '../wire.js';

/** Yields each refused line and returns the totals. */
export async function* importLines(
  connection: Connection,
  lines: AsyncIterable<ImportLine> | Iterable<ImportLine>,
): AsyncGenerator<ImportRefusal, ImportTotals, undefined> {
  const response = await connection.stream('/v1/keys/import', 'application/x-ndjson', body(lines));
  if (!response.ok) {
    throw await refusalOf(response);
  }
  let last: ImportRefusal | ImportTotals | undefined;
  for await (const line of textLines(response)) {
    if (last !== undefined && 'line' in last) yield last;
    last = JSON.parse(line) as ImportRefusal | ImportTotals;
  }
  if (last === undefined || !('imported' in last)) {
    throw new Unreachable('the import ended before its totals came');
  }
  return last;
}

function body(lines: AsyncIterable<ImportLine> | Iterable<ImportLine>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const source = (async function* () {
    for await (const line of lines) yield encoder.encode(`${JSON.stringify(line)}\n`);
  })();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await source.return();
    },
  });
}

async function* textLines(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of response.body ?? []) {
      rest += decoder.decode(chunk as Uint8Array, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line.trim() !== '');
    }
  } catch (cause) {
    if (cause instanceof Undecided) throw cause;
    throw new Unreachable('the import was cut off');
  }
  if (rest.trim() !== '') yield rest;
}

async function refusalOf(response: Response): Promise<Error> {
  try {
    const problem = JSON.parse(await response.text()) as Problem;
    return response.status === 503
      ? undecided(problem, retryAfterSeconds(response.headers))
      : problemError(problem);
  } catch {
    return foreign(response.status);
  }
}
