import { isPromiseLike } from './user-code.ts';

/**
 * Goes on with a value at once, or when its promise is fulfilled: a request that need not wait costs no promise and no turn
 * of the event loop.
 */
export const whenReady = <Value, Result>(
  value: Value | Promise<Value>,
  next: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> => (isPromiseLike(value) ? Promise.resolve(value).then(next) : next(value));
