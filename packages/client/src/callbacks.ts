import { CpgError } from './errors/cpg-error.ts';
import { isObject } from './platform.ts';

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
