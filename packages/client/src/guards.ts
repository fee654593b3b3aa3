import { ProtocolError } from '@cpg/protocol';
import { CpgError, type CpgErrorCode } from './errors.ts';
import { describe, isAbortSignal, isObject } from './platform.ts';

/** What one option may be. */
export interface OptionRule {
  readonly accepts: (value: unknown) => boolean;
  /** Completes "timeoutMs must be …". */
  readonly expected: string;
}

/** The options of one function by name; any other name is a mistake of the caller. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

const isWhole = (value: unknown, least: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= least;

export const ANY: OptionRule = { accepts: () => true, expected: 'anything' };
export const MILLISECONDS: OptionRule = {
  accepts: (value) => typeof value === 'number' && value > 0,
  expected: 'a number of milliseconds above 0',
};
export const COUNT_FROM_0: OptionRule = {
  accepts: (value) => isWhole(value, 0),
  expected: 'a whole number from 0 on',
};
export const COUNT_FROM_1: OptionRule = {
  accepts: (value) => isWhole(value, 1),
  expected: 'a whole number above 0',
};
export const SECONDS: OptionRule = { accepts: (value) => isWhole(value, 0), expected: 'whole Unix seconds' };
export const SIGNAL: OptionRule = { accepts: isAbortSignal, expected: 'an AbortSignal' };
export const FUNCTION: OptionRule = {
  accepts: (value) => typeof value === 'function',
  expected: 'a function',
};
export const TEXT: OptionRule = {
  accepts: (value) => typeof value === 'string' && value !== '',
  expected: 'a non-empty string',
};
export const OBJECT: OptionRule = {
  accepts: (value) => isObject(value) && !Array.isArray(value),
  expected: 'an object',
};

export const methods = (...names: readonly string[]): OptionRule => ({
  accepts: (value) => isObject(value) && names.every((name) => typeof value[name] === 'function'),
  expected: `an object with the ${names.length === 1 ? 'method' : 'methods'} ${names.join(', ')}`,
});

export const oneOf = (...values: readonly string[]): OptionRule => ({
  accepts: (value) => typeof value === 'string' && values.includes(value),
  expected: values.map((value) => JSON.stringify(value)).join(' or '),
});

/**
 * Checks the options that a caller gave to `owner`. An option that is `undefined` counts as left out.
 *
 * @throws CpgError `invalid_configuration`, which names the option, what is expected and what was given.
 */
export const checkOptions = (
  owner: string,
  options: unknown,
  rules: Readonly<Record<string, OptionRule>>,
): void => {
  requireOption(`${owner}: options`, options, OBJECT);
  for (const [name, value] of Object.entries(options as object)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      throw new CpgError('invalid_configuration', `${owner}: ${unknownName(name, Object.keys(rules))}`);
    }
    if (value !== undefined) requireOption(`${owner}: ${name}`, value, rule);
  }
};

/** Checks one value that must be there. */
export const requireOption = (
  name: string,
  value: unknown,
  { accepts, expected, code = 'invalid_configuration' }: OptionRule & { readonly code?: CpgErrorCode },
): void => {
  if (!accepts(value)) throw new CpgError(code, `${name} must be ${expected}: got ${describe(value)}.`);
};

/** Runs a step of the protocol whose complaint about an argument shall be this package's own error. */
export const withCpgErrors = <Result>(owner: string, run: () => Result): Result => {
  try {
    return run();
  } catch (error) {
    if (!ProtocolError.is(error)) throw error;
    throw new CpgError('invalid_configuration', `${owner}: ${error.message}`);
  }
};

const unknownName = (name: string, known: readonly string[]): string => {
  const nearest = findNearest(name, known);
  const hint = nearest === undefined ? `The options are ${known.join(', ')}.` : `Did you mean ${nearest}?`;
  return `there is no option ${JSON.stringify(name.slice(0, MAX_NAME))}. ${hint}`;
};

const MAX_NAME = 60;

/** The most similar name, if any is similar enough to be meant. */
export const findNearest = (name: string, known: readonly string[]): string | undefined => {
  const given = name.slice(0, MAX_NAME).toLowerCase();
  const [best] = known
    .map((each) => ({ each, distance: editDistance(given, each.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance);
  return best !== undefined && best.distance <= Math.max(2, name.length / 3) ? best.each : undefined;
};

/** Characters to insert, delete or replace (Levenshtein). */
const editDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, character] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (to[column - 1] === character ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;

const refuse = (problem: string): never => {
  throw new CpgError('invalid_configuration', `baseUrl ${problem}.`);
};

export interface BaseUrl {
  /** Scheme, host and port, without a trailing slash. */
  readonly origin: string;
  readonly isLoopback: boolean;
}

/**
 * Reads the gateway's address: an origin such as `https://api.example.com`. Plain http is for loopback alone.
 *
 * @throws CpgError `invalid_configuration` for anything else, with the cure.
 */
export const parseBaseUrl = (text: string): BaseUrl => {
  if (typeof text !== 'string' || !URL.canParse(text)) {
    return refuse('must be a URL such as "https://api.example.com"');
  }
  const url = new URL(text);
  const isLoopback = LOOPBACK.test(url.hostname);
  if (url.username !== '' || url.password !== '') return refuse('must not contain a user name or password');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    return refuse(
      `must begin with https:// (http:// is for loopback alone): got ${url.protocol}//${url.host}`,
    );
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return refuse(
      `must be an origin without path, query or fragment, because the signature covers the path as the gateway sees it: got ${url.pathname} after the host; leave out "/v1" too`,
    );
  }
  return { origin: url.origin, isLoopback };
};

/**
 * The guard around every function that a caller passes in: its failure is reported once and never takes down the process
 * or loses the response to a payment.
 */

/**
 * Calls a function whose result nothing depends on; a throw or a rejection becomes one process warning. Returns whether it
 * was called and did not throw.
 */
export const notify = <Arguments extends readonly unknown[]>(
  name: string,
  callback: ((...given: Arguments) => unknown) | undefined,
  ...given: Arguments
): boolean => {
  try {
    watch(name, callback?.(...given));
    return callback !== undefined;
  } catch (error) {
    warn(name, error);
    return false;
  }
};

/**
 * Calls a function whose result is needed, and checks the result.
 *
 * @throws CpgError `callback_failed` when it throws or gives something else; the original error is the `cause`.
 */
export const ask = <Result>(
  name: string,
  callback: () => unknown,
  { accepts, expected }: { readonly accepts: (value: unknown) => value is Result; readonly expected: string },
): Result => {
  let value: unknown;
  try {
    value = callback();
  } catch (error) {
    throw failed(name, error);
  }
  if (accepts(value)) return value;
  // A promise in place of a value: its rejection must not become an unhandled one.
  swallow(value);
  throw new CpgError('callback_failed', `${name} must return ${expected}: got ${print(value)}.`);
};

/** As {@link ask}, for a function that may be asynchronous. */
export const askAsync = async <Result>(
  name: string,
  callback: () => unknown,
  answer: { readonly accepts: (value: unknown) => value is Result; readonly expected: string },
): Promise<Result> => {
  let value: unknown;
  try {
    value = await callback();
  } catch (error) {
    throw failed(name, error);
  }
  return ask(name, () => value, answer);
};

const failed = (name: string, error: unknown): CpgError =>
  new CpgError('callback_failed', `${name} failed: ${print(error)}`, { cause: error });

// Promise.resolve also reads `then`, which may throw, and turns that into a rejection.
const watch = (name: string, result: unknown): void => {
  if (isObject(result)) Promise.resolve(result).catch((error: unknown) => warn(name, error));
};

const swallow = (value: unknown): void => {
  if (isObject(value)) Promise.resolve(value).catch(() => undefined);
};

/** Reports the failure of a callback as a process warning. */
export const warn = (name: string, error: unknown): void =>
  process.emitWarning(`${name} failed: ${print(error)}`, 'CpgHookWarning');

/** Text of anything that may be thrown, objects that cannot be printed among it. */
const print = (value: unknown): string => {
  try {
    return String(value);
  } catch {
    return 'a value that cannot be printed';
  }
};
