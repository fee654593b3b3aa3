/** Waits for a promise, but no longer than `milliseconds`; then rejects. */
export const withDeadline = async <Value>(promise: Promise<Value>, milliseconds: number): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no verdict within ${milliseconds} ms`)), milliseconds);
  });
  // The loser of the race may still reject later; it has been judged already.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
};
