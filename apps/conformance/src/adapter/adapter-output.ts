import type { Masker } from '../core/masker.ts';

/**
 * The maximum of characters of each stream. An adapter that writes more is killed, since its output could not
 * be searched.
 */
export const MAX_OUTPUT_LENGTH = 16 * 1024 * 1024;

const LINES_QUOTED = 3;
const QUOTED = 300;

export type Stream = 'stdout' | 'stderr';

/** The positions in the streams at which a case started. */
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

  // One character above the limit shows that it was exceeded; more would only use memory.
  #add(stream: Stream, text: string): void {
    const room = MAX_OUTPUT_LENGTH + 1 - this.#text[stream].length;
    this.#text[stream] += text.slice(0, Math.max(0, room));
  }

  /** Marks the start of a case. */
  begin(caseId: string): void {
    this.#marks.push({ caseId, from: { stdout: this.stdout.length, stderr: this.stderr.length } });
  }

  /** The case during which the character at an offset arrived; `undefined` before the first one. */
  caseAt(stream: Stream, offset: number): string | undefined {
    return this.#marks.findLast(({ from }) => from[stream] <= offset)?.caseId;
  }

  /** Formats the end of standard error, where a program explains why it ended; empty without output. */
  formatLastErrors(): string {
    const words = this.stderr.trim().split('\n').slice(-LINES_QUOTED).join(' | ').slice(-QUOTED);
    return words === '' ? '' : `; its last lines on standard error: ${words}`;
  }
}

/** A secret or valid signature in an adapter's output. */
interface Leak {
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
  /** The streams in which a signature is a leak. */
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
    // Masked before it is cut, so that no other secret is cut in half and stays visible.
    text: masker.mask(text.slice(start, lineEnd === -1 ? undefined : lineEnd)).slice(0, 2 * AROUND),
    caseId: output.caseAt(stream, offset),
  };
};

/** Finds the first secret, or misplaced valid signature, in an adapter's output. */
export const findLeak = (search: Search): Leak | undefined =>
  findIn(search, 'stderr') ?? findIn(search, 'stdout');
