import { ServerMiddlewareError } from './server-middleware-error.ts';
import { isPromiseLike } from './user-code.ts';

/** What is asked, its name in errors, and how long it may take. */
export interface StoreQuestion<Value> {
  readonly what: string;
  readonly timeoutMs: number;
  readonly ask: () => Value | PromiseLike<Value>;
}

/**
 * Asks a store and waits no longer than its deadline. An answer that is no promise is returned at once, without a timer.
 *
 * @throws ServerMiddlewareError `store_deadline` when it is late; `store_unavailable`, with the cause, for whatever else
 * it throws.
 */
export const askStore = <Value>(question: StoreQuestion<Value>): Value | Promise<Value> => {
  const { what, timeoutMs, ask } = question;
  const fault = (cause: unknown) => storeFault(what, cause);
  let pending: Promise<Value>;
  try {
    const answer = ask();
    if (!isPromiseLike(answer)) return answer;
    pending = Promise.resolve(answer);
  } catch (cause) {
    throw fault(cause);
  }
  return new Promise<Value>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new ServerMiddlewareError('store_deadline', `${what} did not answer within ${timeoutMs} ms.`));
    }, timeoutMs);
    pending.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (cause: unknown) => {
        clearTimeout(timer);
        reject(fault(cause));
      },
    );
  });
};

const storeFault = (what: string, cause: unknown): ServerMiddlewareError =>
  ServerMiddlewareError.is(cause)
    ? cause
    : new ServerMiddlewareError('store_unavailable', `${what} failed; see the cause.`, { cause });
