import type { Masker } from '../core/masker.ts';
import type { AdapterOutput, Stream } from './adapter-output.ts';

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
