// Of PostgreSQL, classes 08 (connection) and 57P0x (shutting down), 53300 (too many connections), 57014 (took too long) and
// 40P01 (deadlock: asking again will do); and what sockets say.
const UNAVAILABLE_CODE =
  /^(?:08...|57P0.|57014|53300|40P01|ECONNREFUSED|ECONNRESET|ENOTFOUND|ENOENT|EPIPE|ETIMEDOUT)$/;
// What the pg driver throws without a code.
const UNAVAILABLE_MESSAGE =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/** Whether a database error means that the database cannot be reached now, rather than that a query is wrong. */
export const isDatabaseUnavailable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable);
  const { code } = error as NodeJS.ErrnoException;
  return (typeof code === 'string' && UNAVAILABLE_CODE.test(code)) || UNAVAILABLE_MESSAGE.test(error.message);
};
