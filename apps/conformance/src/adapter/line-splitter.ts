const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

interface LineEvents {
  /** The maximum length of a line in bytes. A longer line ends the reading. */
  readonly maxBytes: number;
  readonly onLine: (line: string) => void;
  /** Called once, with the start of the line; nothing is read afterwards. */
  readonly onTooLong: (start: string) => void;
}

/**
 * Splits bytes into lines of UTF-8 at 0x0A, and there only: `node:readline` also splits at U+2028 and U+2029,
 * which JSON allows inside a string, and keeps a line in memory however long it gets.
 */
export class LineSplitter {
  readonly #events: LineEvents;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isDone = false;

  constructor(events: LineEvents) {
    this.#events = events;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (!this.#isDone) {
      const end = rest.indexOf(LINE_FEED);
      this.#keep(end === -1 ? rest : rest.subarray(0, end));
      if (end === -1) return;
      this.#emit();
      rest = rest.subarray(end + 1);
    }
  }

  /** Emits the bytes after the last line feed as a line. */
  end(): void {
    if (this.#bytes > 0) this.#emit();
    this.#isDone = true;
  }

  #keep(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes <= this.#events.maxBytes) return;
    this.#isDone = true;
    const start = this.#take().subarray(0, this.#events.maxBytes);
    this.#events.onTooLong(start.toString('utf8'));
  }

  #emit(): void {
    if (this.#isDone) return;
    const line = this.#take();
    const isWindows = line.at(-1) === CARRIAGE_RETURN;
    this.#events.onLine(line.toString('utf8', 0, isWindows ? line.length - 1 : line.length));
  }

  #take(): Buffer {
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    return bytes;
  }
}
