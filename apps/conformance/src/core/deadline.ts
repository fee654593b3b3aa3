import { readArrived } from './case-scope.ts';

/** Rejects a promise that has not settled in time. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';

  constructor(milliseconds: number) {
    super(`no verdict within ${Math.round(milliseconds)} ms`);
  }
}

/**
 * Waits for a promise; rejects with `DeadlineExceeded` after the milliseconds. A function is asked again when
 * they have passed, and may by then allow more.
 */
export const withDeadline = async <Value>(
  promise: Promise<Value>,
  milliseconds: number | (() => number),
): Promise<Value> => {
  const getLimit = typeof milliseconds === 'function' ? milliseconds : () => milliseconds;
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_resolve, reject) => {
    const wait = (): void => {
      timer = setTimeout(check, Math.max(1, getLimit() - (performance.now() - startedAt)));
    };
    const check = (): void => {
      if (performance.now() - startedAt < getLimit()) wait();
      else void readArrived().then(() => reject(new DeadlineExceeded(getLimit())));
    };
    wait();
  });
  // After the deadline, a rejection of the promise is ignored.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
};
