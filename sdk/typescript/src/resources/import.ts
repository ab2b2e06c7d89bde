/** `POST /v1/keys/import`: lines go out while their refusals come in, so nobody holds all of them. */
import type { Connection } from '../connection.js';
import { Unreachable } from '../errors.js';
import { refusalOf, textLines } from '../ndjson.js';
import type { ImportLine, ImportRefusal, ImportTotals } from '../wire.js';

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
