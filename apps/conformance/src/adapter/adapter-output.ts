import type { Masker } from '../core/masker.ts';

/** Characters kept of each stream; an adapter that writes more is ended, as nobody could look through it for secrets. */
export const MAX_OUTPUT_LENGTH = 16 * 1024 * 1024;

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

  get isTooLong(): boolean {
    return this.stdout.length > MAX_OUTPUT_LENGTH || this.stderr.length > MAX_OUTPUT_LENGTH;
  }

  addStdout(text: string): void {
    this.#add('stdout', text);
  }

  addStderr(text: string): void {
    this.#add('stderr', text);
  }

  // One character more than is allowed says that it was too much; the rest would only fill the memory.
  #add(stream: Stream, text: string): void {
    const room = MAX_OUTPUT_LENGTH + 1 - this.#text[stream].length;
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
  formatLastErrors(): string {
    const words = this.stderr.trim().split('\n').slice(-LINES_QUOTED).join(' | ').slice(-QUOTED);
    return words === '' ? '' : `; the last it wrote to standard error: ${words}`;
  }
}

/** Something secret in what an adapter wrote. */
export interface Leak {
  readonly what: 'secret' | 'valid signature';
  readonly stream: 'standard output' | 'standard error';
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** The case during which it arrived. */
  readonly caseId?: string | undefined;
}

const NAMES = { stdout: 'standard output', stderr: 'standard error' } as const;
const AROUND = 120;

interface Search {
  readonly output: AdapterOutput;
  readonly masker: Masker;
  /** The streams in which a signature is no answer. */
  readonly unsigned: readonly Stream[];
}

const findIn = ({ output, masker, unsigned }: Search, stream: Stream): Leak | undefined => {
  const text = output[stream];
  const secret = masker.findSecret(text);
  const found = secret ?? (unsigned.includes(stream) ? masker.findSignature(text) : undefined);
  if (found === undefined) return undefined;
  const { offset, phrase } = found;
  const end = offset + phrase.length;
  const start = Math.max(text.lastIndexOf('\n', offset) + 1, offset - AROUND);
  const lineEnd = text.indexOf('\n', end);
  return {
    what: secret === undefined ? 'valid signature' : 'secret',
    stream: NAMES[stream],
    line: text.slice(0, offset).split('\n').length,
    // Masked as a whole, so that no other secret is cut in half and stays.
    text: masker.mask(text.slice(start, lineEnd === -1 ? undefined : lineEnd)).slice(0, 2 * AROUND),
    caseId: output.caseAt(stream, offset),
  };
};

/** The first secret, or valid signature where it does not belong, in what an adapter wrote. */
export const findLeak = (search: Search): Leak | undefined =>
  findIn(search, 'stderr') ?? findIn(search, 'stdout');
