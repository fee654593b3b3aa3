/** A message and its response, as latin1 text, cut to a readable length. */
export interface Exchange {
  readonly sent: string;
  readonly received: string;
  /** The canonical string of the request, when the response rejects its signature. */
  readonly canonical?: string;
}

/** The difference that a failed check found. */
export interface Diff {
  /** What was compared, e.g. `status` or `signature of request 2`. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  /** Offset of the first byte that differs, from 0. */
  readonly firstDifference?: number;
  /** The usual mistake behind this difference. */
  readonly hint?: string;
  /** The canonical string, and the implementation's where it reports one. */
  readonly canonical?: { readonly expected: string; readonly actual?: string };
  readonly exchanges?: readonly Exchange[];
  /** The last output of a server that has ended. */
  readonly output?: string;
}

/** Offset of the first byte in which two texts differ, or `undefined` when they are equal. */
export const firstDifference = (expected: string, actual: string): number | undefined => {
  const left = Buffer.from(expected, 'utf8');
  const right = Buffer.from(actual, 'utf8');
  const length = Math.min(left.length, right.length);
  for (let offset = 0; offset < length; offset++) if (left[offset] !== right[offset]) return offset;
  return left.length === right.length ? undefined : length;
};

/** Ends a case: the implementation does not follow the wire protocol. */
export class CaseFailure extends Error {
  override readonly name = 'CaseFailure';
  readonly diff: Diff;
  /** `acceptable`: the wire protocol tolerates it, so the case warns. */
  readonly severity: 'failure' | 'acceptable';

  constructor(diff: Diff, severity: 'failure' | 'acceptable' = 'failure') {
    super(`${diff.what}: expected ${diff.expected}, got ${diff.actual}`);
    this.diff = diff;
    this.severity = severity;
  }
}

interface Observation {
  /** @default 'response' */
  readonly what?: string;
  /** @default 'a complete response that can be read' */
  readonly expected?: string;
}

/**
 * Ends a case: the implementation crashed, broke off or sent what cannot be read. The case fails, whatever its
 * level.
 */
export class ImplementationFailure extends Error {
  override readonly name: string = 'ImplementationFailure';
  readonly what: string;
  readonly expected: string;
  /** The command that had no response; empty when its exchange has been added already. */
  sent = '';
  /** What arrived of a response that is not complete, as latin1 text. */
  received = '';

  constructor(
    message: string,
    { what = 'response', expected = 'a complete response that can be read' }: Observation = {},
  ) {
    super(message);
    this.what = what;
    this.expected = expected;
  }
}

/** Ends a case: the implementation has ended, or was silent until the deadline, which costs time. */
export class Unresponsive extends ImplementationFailure {
  override readonly name: string = 'Unresponsive';
}

/** Ends a case without a verdict: the run lacks something, such as room below a rate limit. */
export class NoVerdict extends Error {
  override readonly name = 'NoVerdict';
}

/** Ends a case: the implementation lacks what the case needs. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

type Extra = Omit<Diff, 'what' | 'expected' | 'actual' | 'exchanges'>;
type Comparable = string | number | boolean | undefined;

const format = (value: Comparable): string => (typeof value === 'string' ? value : String(value));

/** The maximum length of a text in a result: a flood in each case must not exhaust the memory. */
const MAX_TEXT_LENGTH = 32_000;

/** Cuts a long text; never within a word, since a part of a secret would not be masked. */
export const cutText = (text: string, length: number = MAX_TEXT_LENGTH): string =>
  text.length <= length
    ? text
    : `${text.slice(0, length).replace(/[\w+/=%-]{1,400}$/, '')}… (${text.length} characters)`;

/** The assertions of one case, counted: a case that checked nothing has no verdict. */
export class Checker {
  readonly #exchanges: Exchange[] = [];
  readonly #onExchange: ((exchange: Exchange) => void) | undefined;
  #count = 0;

  /** `onExchange` is called with everything that goes over the wire, as it happens. */
  constructor(onExchange?: (exchange: Exchange) => void) {
    this.#onExchange = onExchange;
  }

  get count(): number {
    return this.#count;
  }

  get hasExchanges(): boolean {
    return this.#exchanges.length > 0;
  }

  /** Keeps an exchange for the report of a failure; the last four are kept. */
  addExchange({ sent, received, ...rest }: Exchange): void {
    const exchange = { ...rest, sent: cutText(sent), received: cutText(received) };
    this.#onExchange?.(exchange);
    this.#exchanges.push(exchange);
    if (this.#exchanges.length > 4) this.#exchanges.shift();
  }

  /** Passes an exchange beside the wire to `onExchange` only. */
  trace(exchange: Exchange): void {
    this.#onExchange?.(exchange);
  }

  /** Ends the case unless the two are equal. */
  equal(what: string, pair: { expected: Comparable; actual: Comparable } & Extra): void {
    this.#count++;
    if (pair.expected === pair.actual) return;
    const { expected, actual, ...extra } = pair;
    const bothTexts = typeof expected === 'string' && typeof actual === 'string';
    const offset = bothTexts ? firstDifference(expected, actual) : undefined;
    throw this.createFailure({
      what,
      expected: format(expected),
      actual: format(actual),
      ...(offset === undefined ? {} : { firstDifference: offset }),
      ...extra,
    });
  }

  /** Ends the case unless the condition holds. */
  that(condition: boolean, diff: Omit<Diff, 'exchanges'>): void {
    this.#count++;
    if (!condition) throw this.createFailure(diff);
  }

  /** Ends the case with a warning unless the condition holds, for what the wire protocol only recommends. */
  recommends(condition: boolean, diff: Omit<Diff, 'exchanges'>): void {
    this.#count++;
    if (!condition) throw new CaseFailure(this.createFailure(diff).diff, 'acceptable');
  }

  /** A failure with the exchanges of the case so far. */
  createFailure(diff: Diff): CaseFailure {
    const exchanges = [...this.#exchanges];
    return new CaseFailure({
      ...diff,
      expected: cutText(diff.expected),
      actual: cutText(diff.actual),
      ...(exchanges.length === 0 ? {} : { exchanges }),
    });
  }
}
