/** Waits for a promise; rejects after `milliseconds`. */
export const withDeadline = async <Value>(promise: Promise<Value>, milliseconds: number): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no verdict within ${milliseconds} ms`)), milliseconds);
  });
  // After the deadline, a rejection of the promise is ignored.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
};
