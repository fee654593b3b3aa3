import type { Readable } from 'node:stream';

const LINE_FEED = 0x0a;
const MAX_LINE_BYTES = 8 * 1024 * 1024;

/**
 * The lines of a stream, ended by 0x0A only: `node:readline` also splits at U+2028 and U+2029, which JSON allows inside a string, and keeps
 * a line in memory however long it gets. Throws for a line of more than 8 MiB.
 */
export async function* readLines(stream: Readable): AsyncGenerator<string> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  // A program whose first lines were read goes on writing: its stream is not closed.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    let rest: Buffer = chunk;
    for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED)) {
      yield Buffer.concat([...chunks, rest.subarray(0, end)]).toString('utf8');
      chunks = [];
      bytes = 0;
      rest = rest.subarray(end + 1);
    }
    chunks.push(rest);
    bytes += rest.length;
    if (bytes > MAX_LINE_BYTES) throw new Error(`A line has more than ${MAX_LINE_BYTES} bytes.`);
  }
  if (bytes > 0) yield Buffer.concat(chunks).toString('utf8');
}
