import { ServerMiddlewareError, type ServerMiddlewareErrorCode } from './errors.ts';

/** Returns what the value must do ("be a function"), or `undefined` for a usable value. */
export type OptionRule = (value: unknown) => string | undefined;

/** A rule for every option. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

/** The maximum of setTimeout, which would fire a longer timer at once. */
const MAX_TIMER_MS = 2_147_483_647;

const integer =
  (minimum: number, maximum: number, expected: string): OptionRule =>
  (value) => {
    if (!Number.isSafeInteger(value) || Number(value) < minimum) return `be ${expected}`;
    return Number(value) > maximum ? `be at most ${maximum}` : undefined;
  };

const ofType =
  (type: 'function' | 'boolean' | 'string', expected: string): OptionRule =>
  (value) =>
    typeof value === type ? undefined : `be ${expected}`;

export const positiveInteger = integer(1, Number.MAX_SAFE_INTEGER, 'a positive whole number');
export const wholeNumber = integer(0, Number.MAX_SAFE_INTEGER, 'a whole number, 0 or more');
export const timerMs = integer(1, MAX_TIMER_MS, 'a positive whole number');
export const aFunction = ofType('function', 'a function');
export const aBoolean = ofType('boolean', 'true or false');
export const aString = ofType('string', 'a string');

/** Timers of Node.js count whole milliseconds, and may fire up to one early. */
export const TIMER_MARGIN_MS = 1;

/** An object with all of these methods. */
export const withMethods =
  (methods: readonly string[], expected: string): OptionRule =>
  (value) => {
    const has = (name: string) => typeof (value as Record<string, unknown>)[name] === 'function';
    return value !== null && value !== undefined && !Array.isArray(value) && methods.every(has)
      ? undefined
      : `be ${expected}`;
  };

export const aLogger = withMethods(
  ['warn', 'error'],
  'a logger with the methods warn and error, such as pino',
);

/** Makes a rule accept `undefined`. */
export const optional =
  (rule: OptionRule): OptionRule =>
  (value) =>
    value === undefined ? undefined : rule(value);

interface OptionsToCheck<Options> {
  /** The function that takes the options; its name in errors. */
  readonly owner: string;
  readonly options: Options | undefined;
  readonly rules: OptionRules<Options>;
  /** @default 'invalid_option' */
  readonly code?: ServerMiddlewareErrorCode;
}

/**
 * Rejects unusable values, with which a check would be skipped silently, and unknown option names.
 *
 * @throws ServerMiddlewareError `invalid_option` (or `code`); the message names the option, the expectation and the value.
 */
export const assertOptions = <Options extends object>(check: OptionsToCheck<Options>): void => {
  const { owner, options = {}, rules, code = 'invalid_option' } = check;
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    throw new ServerMiddlewareError(
      code,
      `${owner}: options must be an object: got ${formatReceived(options)}.`,
    );
  }
  const names = Object.keys(rules);
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    throw new ServerMiddlewareError(
      code,
      `${owner}: there is no option ${JSON.stringify(name)}. Did you mean ${JSON.stringify(findNearest(name, names))}?`,
    );
  }
  for (const name of names) {
    const rule = rules[name as keyof Options];
    assertValue({ name: `${owner}: ${name}`, value: (options as Record<string, unknown>)[name], rule, code });
  }
};

interface ValueToCheck {
  readonly name: string;
  readonly value: unknown;
  readonly rule: OptionRule;
  /** @default 'invalid_option' */
  readonly code?: ServerMiddlewareErrorCode;
  /** See {@link ServerMiddlewareError.subject}. */
  readonly subject?: string;
}

/** @throws ServerMiddlewareError `invalid_option` */
export const assertValue = (check: ValueToCheck): void => {
  const { name, value, rule, code = 'invalid_option', subject = name } = check;
  const expected = rule(value);
  if (expected === undefined) return;
  throw new ServerMiddlewareError(code, `${name} must ${expected}: got ${formatReceived(value)}.`, {
    subject,
  });
};

const MAX_SHOWN = 60;

/** Formats a received value for an error message: long strings by their length, objects by their type. */
export const formatReceived = (value: unknown): string => {
  if (typeof value === 'string') {
    return value.length > MAX_SHOWN ? `a string of ${value.length} characters` : JSON.stringify(value);
  }
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
};

const findNearest = (name: string, names: readonly string[]): string => {
  const distances = names.map((candidate) => ({
    candidate,
    distance: getEditDistance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  return distances.reduce((best, next) => (next.distance < best.distance ? next : best)).candidate;
};

/** Levenshtein distance. */
const getEditDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] as number) + (to[column - 1] === letter ? 0 : 1);
      next.push(Math.min((row[column] as number) + 1, (next[column - 1] as number) + 1, replaced));
    }
    row = next;
  }
  return row[to.length] as number;
};
