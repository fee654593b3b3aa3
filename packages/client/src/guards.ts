import { ProtocolError } from '@cpg/protocol';
import { CpgError, type CpgErrorCode } from './errors.ts';
import { describe, isAbortSignal, isObject } from './platform.ts';

/** The accepted values of one option. */
export interface OptionRule {
  readonly accepts: (value: unknown) => boolean;
  /** Completes "timeoutMs must be …". */
  readonly expected: string;
  /** What to do instead, for a value that callers often pass by mistake. */
  readonly fix?: string | undefined;
}

/** The options of a function by name. Other names are rejected. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

const isWhole = (value: unknown, least: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= least;

export const ANY = { accepts: (_value: unknown): _value is unknown => true, expected: 'anything' };
export const MILLISECONDS: OptionRule = {
  accepts: (value) => typeof value === 'number' && value > 0,
  expected: 'a number of milliseconds above 0',
};
export const COUNT_FROM_0: OptionRule = {
  accepts: (value) => isWhole(value, 0),
  expected: 'a whole number of at least 0',
};
export const COUNT_FROM_1: OptionRule = {
  accepts: (value) => isWhole(value, 1),
  expected: 'a whole number above 0',
};
export const SECONDS = {
  accepts: (value: unknown): value is number => isWhole(value, 0),
  expected: 'whole Unix seconds',
};
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
 * Checks the options of `owner`. An option that is `undefined` counts as omitted.
 *
 * @throws CpgError `invalid_configuration` with the option's name, the expected and the received value.
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

/** Checks one required value. */
export const requireOption = (
  name: string,
  value: unknown,
  { accepts, expected, fix, code = 'invalid_configuration' }: OptionRule & { readonly code?: CpgErrorCode },
): void => {
  if (accepts(value)) return;
  const problem = `${name} must be ${expected}: got ${describe(value)}.`;
  throw new CpgError(code, fix === undefined ? problem : `${problem} Fix: ${fix}.`);
};

/**
 * Rejects a secret that was read together with characters that do not belong to it: the line feed of a file,
 * or the quotation marks of an environment file. It would be used as it is, and every signature be wrong.
 *
 * @throws CpgError `invalid_configuration`, without the secret.
 */
export const requireCleanSecret = (name: string, secret: unknown): void => {
  if (typeof secret !== 'string') return;
  const reject = (problem: string): never => {
    throw new CpgError('invalid_configuration', `${name} ${problem}`);
  };
  if (/\p{Cc}/u.test(secret)) {
    reject('must not contain line breaks or other control characters. Fix: remove them, e.g. with .trim().');
  }
  if (/^(["'`]).*\1$/.test(secret)) {
    reject('must not be in quotation marks. Fix: remove them; some readers of environment files keep them.');
  }
};

/**
 * Lets the methods of an object be called without it: `const { list } = cpg.balances`. Methods that
 * subclasses override are the bound ones.
 */
export const bindMethods = (owner: object): void => {
  for (
    let from = Object.getPrototypeOf(owner);
    from !== Object.prototype;
    from = Object.getPrototypeOf(from)
  ) {
    for (const name of Object.getOwnPropertyNames(from)) {
      const method: unknown = Object.getOwnPropertyDescriptor(from, name)?.value;
      if (name === 'constructor' || typeof method !== 'function' || Object.hasOwn(owner, name)) continue;
      Object.defineProperty(owner, name, { value: method.bind(owner), configurable: true, writable: true });
    }
  }
};

/** Runs a function of `@cpg/protocol` and turns its errors into `CpgError` `invalid_configuration`. */
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
  return `there is no option ${JSON.stringify(name.slice(0, MAX_NAME_LENGTH))}. ${hint}`;
};

const MAX_NAME_LENGTH = 60;

/** The most similar known name, if one is similar enough to be a likely misspelling. */
export const findNearest = (name: string, known: readonly string[]): string | undefined => {
  const given = name.slice(0, MAX_NAME_LENGTH).toLowerCase();
  const [best] = known
    .map((each) => ({ each, distance: editDistance(given, each.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance);
  return best !== undefined && best.distance <= Math.max(2, name.length / 3) ? best.each : undefined;
};

/** The Levenshtein distance. */
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

const rejectBaseUrl = (problem: string): never => {
  const end = problem.endsWith('?') ? '' : '.';
  throw new CpgError('invalid_configuration', `baseUrl ${problem}${end}`);
};

interface BaseUrl {
  /** Scheme, host and port, without a trailing slash. */
  readonly origin: string;
  readonly isLoopback: boolean;
}

/**
 * Parses the gateway's origin, e.g. `https://api.example.com`. Plain http is accepted for loopback only.
 *
 * @throws CpgError `invalid_configuration` for any other URL, with the fix.
 */
export const parseBaseUrl = (text: string): BaseUrl => {
  if (typeof text !== 'string' || !URL.canParse(text)) {
    const isSet = typeof text === 'string' && text !== '';
    const hint = isSet ? 'Fix: begin it with https://' : 'Is its environment variable set?';
    return rejectBaseUrl(`must be a URL such as "https://api.example.com": got ${describe(text)}. ${hint}`);
  }
  const url = new URL(text);
  const isLoopback = LOOPBACK.test(url.hostname);
  if (url.username !== '' || url.password !== '')
    return rejectBaseUrl('must not contain a user name or password');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    return rejectBaseUrl(
      `must begin with https:// (http:// is accepted for loopback only): got ${url.protocol}//${url.host}`,
    );
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return rejectBaseUrl(
      `must be an origin without path, query or fragment, because the signature covers the path that the gateway receives: got ${url.pathname} after the host. Remove "/v1" too`,
    );
  }
  return { origin: url.origin, isLoopback };
};

// Every function that a caller passes in is called through one of the functions below: its failure is
// reported once and neither ends the process nor loses the response to a payment.

/**
 * Calls a function and ignores its result. An error that it throws or rejects with becomes a process warning.
 * Returns whether it was called without throwing.
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
 * Calls a function and checks its result.
 *
 * @throws CpgError `callback_failed` if it throws or its result is invalid; `cause` is the original error.
 */
export const invoke = <Result>(
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
  // If the value is a promise, its rejection must not become an unhandled one.
  swallow(value);
  throw new CpgError('callback_failed', `${name} must return ${expected}: got ${formatThrown(value)}.`);
};

/** Like {@link invoke}, for a function that may be asynchronous. */
export const invokeAsync = async <Result>(
  name: string,
  callback: () => unknown,
  result: { readonly accepts: (value: unknown) => value is Result; readonly expected: string },
): Promise<Result> => {
  let value: unknown;
  try {
    value = await callback();
  } catch (error) {
    throw failed(name, error);
  }
  return invoke(name, () => value, result);
};

const failed = (name: string, error: unknown): CpgError =>
  new CpgError('callback_failed', `${name} failed: ${formatThrown(error)}`, { cause: error });

// Promise.resolve reads `then`, which may throw, and turns the exception into a rejection.
const watch = (name: string, result: unknown): void => {
  if (isObject(result)) Promise.resolve(result).catch((error: unknown) => warn(name, error));
};

const swallow = (value: unknown): void => {
  if (isObject(value)) Promise.resolve(value).catch(() => undefined);
};

/** Reports the failure of a callback as a process warning. */
export const warn = (name: string, error: unknown): void => {
  const text = `${name} failed: ${formatThrown(error)}`;
  // Browsers and some workers have no process.
  if (typeof globalThis.process?.emitWarning === 'function') process.emitWarning(text, 'CpgHookWarning');
  // biome-ignore lint/suspicious/noConsole: the only place for a warning there
  else console.warn(`CpgHookWarning: ${text}`);
};

/** Text of any thrown value, including objects that cannot be converted to a string. */
const formatThrown = (value: unknown): string => {
  try {
    return String(value);
  } catch {
    return 'a value that cannot be converted to a string';
  }
};
