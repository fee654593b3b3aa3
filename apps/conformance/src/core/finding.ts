/** One message that went out and what came back, as latin1 text, cut to a readable length. */
export interface Exchange {
  readonly sent: string;
  readonly received: string;
  /** A command that repeats it, once it is signed again. */
  readonly curl?: string;
}

/** What a failed check found. */
export interface Finding {
  /** What was looked at, e.g. `status` or `signature of request 2`. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  /** Offset of the first byte that differs, from 0. */
  readonly firstDifference?: number;
  /** Where people usually go wrong here. */
  readonly hint?: string;
  /** The canonical string, and the implementation's own where it shows it. */
  readonly canonical?: { readonly expected: string; readonly actual?: string };
  readonly exchanges?: readonly Exchange[];
  /** A command that repeats the last request, once it is signed again. */
  readonly curl?: string;
}

/** Offset of the first byte in which two texts differ, or `undefined` when they are equal. */
export const firstDifference = (expected: string, actual: string): number | undefined => {
  const left = Buffer.from(expected, 'utf8');
  const right = Buffer.from(actual, 'utf8');
  const length = Math.min(left.length, right.length);
  for (let offset = 0; offset < length; offset++) if (left[offset] !== right[offset]) return offset;
  return left.length === right.length ? undefined : length;
};
