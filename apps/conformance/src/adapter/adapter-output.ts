/** Characters kept of each stream; an adapter that writes more is ended, as nobody could look through it for secrets. */
export const MOST_OUTPUT = 16 * 1024 * 1024;

const LINES_QUOTED = 3;
const QUOTED = 300;

export type Stream = 'stdout' | 'stderr';

/** From where on in the streams a case was being tried. */
interface Mark {
  readonly caseId: string;
  readonly from: Readonly<Record<Stream, number>>;
}

/** Everything an adapter has written, its two streams apart. */
export class AdapterOutput {
  readonly #text: Record<Stream, string> = { stdout: '', stderr: '' };
  readonly #marks: Mark[] = [];

  get stdout(): string {
    return this.#text.stdout;
  }

  get stderr(): string {
    return this.#text.stderr;
  }

  get isTooMuch(): boolean {
    return this.stdout.length > MOST_OUTPUT || this.stderr.length > MOST_OUTPUT;
  }

  addAnswer(text: string): void {
    this.#add('stdout', text);
  }

  addError(text: string): void {
    this.#add('stderr', text);
  }

  // One character more than is allowed says that it was too much; the rest would only fill the memory.
  #add(stream: Stream, text: string): void {
    const room = MOST_OUTPUT + 1 - this.#text[stream].length;
    this.#text[stream] += text.slice(0, Math.max(0, room));
  }

  /** Says that what is written from now on is written during this case. */
  begin(caseId: string): void {
    this.#marks.push({ caseId, from: { stdout: this.stdout.length, stderr: this.stderr.length } });
  }

  /** The case during which the character at an offset arrived; `undefined` before the first one. */
  caseAt(stream: Stream, offset: number): string | undefined {
    return this.#marks.findLast(({ from }) => from[stream] <= offset)?.caseId;
  }

  /** The end of standard error, where a program says why it ends; nothing when it is empty. */
  lastWords(): string {
    const words = this.stderr.trim().split('\n').slice(-LINES_QUOTED).join(' | ').slice(-QUOTED);
    return words === '' ? '' : `; the last it wrote to standard error: ${words}`;
  }
}
