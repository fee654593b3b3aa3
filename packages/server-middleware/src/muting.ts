/** One log line that may repeat. */
export interface RepeatedLine {
  readonly code: string;
  /** What the line is about: a key id, a store, or the callback itself. */
  readonly subject?: string | object | undefined;
  readonly intervalMs: number;
}

interface Interval {
  leftOut: number;
  write: (more: string) => void;
}

const DEFAULT_MAX_SUBJECTS = 1_000;

/**
 * Limits repeated log lines to one an interval for each code and subject. The first line is written at once; at the end of an
 * interval in which others were left out, the latest is written with their number, so that nothing is lost. Above
 * `maxSubjects` the other subjects of a code share one line, so that memory stays bounded.
 */
export class Muting {
  readonly #maxSubjects: number;
  readonly #intervals = new Map<unknown, Interval>();

  constructor(maxSubjects = DEFAULT_MAX_SUBJECTS) {
    this.#maxSubjects = maxSubjects;
  }

  /** Calls `write` now or at the end of the interval, with "" or " (12 more in the last second)", to append to the text. */
  log({ code, subject, intervalMs }: RepeatedLine, write: (more: string) => void): void {
    const key = this.#getKey(code, subject);
    const interval = this.#intervals.get(key);
    if (interval === undefined) {
      this.#intervals.set(key, { leftOut: 0, write });
      this.#endLater(key, intervalMs);
      write('');
      return;
    }
    interval.leftOut += 1;
    interval.write = write;
  }

  #getKey(code: string, subject: RepeatedLine['subject']): unknown {
    const key = typeof subject === 'object' || typeof subject === 'function' ? subject : `${code} ${subject}`;
    return this.#intervals.has(key) || this.#intervals.size < this.#maxSubjects ? key : code;
  }

  #endLater(key: unknown, intervalMs: number): void {
    setTimeout(() => {
      const { leftOut, write } = this.#intervals.get(key) as Interval;
      this.#intervals.delete(key);
      if (leftOut === 0) return;
      this.#intervals.set(key, { leftOut: 0, write });
      this.#endLater(key, intervalMs);
      write(` (${leftOut} more in the last ${formatInterval(intervalMs)})`);
    }, intervalMs).unref();
  }
}

const formatInterval = (ms: number): string =>
  ms === 1_000 ? 'second' : ms === 60_000 ? 'minute' : `${ms} ms`;

const MAX_CAUSES = 5;
const MAX_TEXT = 300;

// Drivers quote connection strings and commands in their messages.
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/:\/\/[^\s/@]*@/g, '://[credentials]@'],
  [/\b(password|passwd|pwd|secret|token|api[_-]?key)(["']?\s*[=:]\s*)\S+/gi, '$1$2[secret]'],
  [/[0-9a-f]{64}/gi, '[signature]'],
];

/** The text of a thrown value, whatever it is: its message, else its code or name. */
export const describeThrown = (thrown: unknown): string => {
  try {
    if (!(thrown instanceof Error)) return shorten(String(thrown));
    const { message, code, name } = thrown as NodeJS.ErrnoException;
    // Node's AggregateError of a refused connection has no message, and one error for each address.
    const text = [message, code, name].find((part) => typeof part === 'string' && part !== '');
    const inner = message === '' && thrown instanceof AggregateError ? thrown.errors : [];
    return shorten([...new Set(inner.map(describeThrown))].join('; ') || String(text));
  } catch {
    return 'a value that has no text';
  }
};

/** The text of a thrown value and of its causes: `a: b: c`, in one line and without secrets. */
export const describeCauses = (thrown: unknown): string => {
  let text = describeThrown(thrown);
  let current = thrown;
  for (let depth = 0; depth < MAX_CAUSES; depth += 1) {
    current = getCause(current);
    if (current === undefined) break;
    const cause = describeThrown(current);
    if (!text.includes(cause)) text += `: ${cause}`;
  }
  return text;
};

const getCause = (thrown: unknown): unknown => {
  try {
    return thrown instanceof Error ? thrown.cause : undefined;
  } catch {
    return undefined;
  }
};

const redact = (text: string): string =>
  SECRETS.reduce((shown, [pattern, replacement]) => shown.replace(pattern, replacement), text);

/**
 * Returns an error that a logger may print with its stack and causes: a copy, if a message or stack contains credentials or a
 * signature.
 */
export const withoutSecrets = (error: unknown, depth = 0): unknown => {
  if (!(error instanceof Error) || depth > MAX_CAUSES) return error;
  const { message, stack = '', cause } = error;
  const shown = { message: redact(message), stack: redact(stack), cause: withoutSecrets(cause, depth + 1) };
  if (shown.message === message && shown.stack === stack && shown.cause === cause) return error;
  const copy: Error = Object.create(Object.getPrototypeOf(error), Object.getOwnPropertyDescriptors(error));
  for (const [name, value] of Object.entries(shown)) {
    Object.defineProperty(copy, name, { value, configurable: true, writable: true });
  }
  return copy;
};

const shorten = (text: string): string => {
  const line = redact(
    text
      .slice(0, 10 * MAX_TEXT)
      .replace(/\s+/g, ' ')
      .trim(),
  );
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}…` : line;
};
