import { ServerMiddlewareError } from '../../errors.ts';

const SQLSTATE = /^[0-9A-Z]{5}$/;

interface PostgresError {
  /** The SQLSTATE of an error of the server; `undefined` for an error of the connection or the pool. */
  readonly state: string | undefined;
  readonly text: string;
}

const readError = (error: unknown): PostgresError => {
  const { code, severity, message } = Object(error) as Readonly<Record<string, unknown>>;
  // EPIPE has the form of a SQLSTATE, but only errors of the server have a severity.
  const isOfServer = typeof code === 'string' && SQLSTATE.test(code) && severity !== undefined;
  // Node's error for a refused connection to a name with several addresses has a code and no message.
  return { state: isOfServer ? code : undefined, text: String(message || code || error) };
};

const LOST_STATE = /^(?:08|57P0[12])/;
const LOST_TEXT = /ECONNRESET|EPIPE|^Connection terminated(?: unexpectedly)?$|is not queryable$/;

/** Whether the connection was lost before the reply: the statement may have run. */
export const isLostConnection = (error: unknown): boolean => {
  const { state, text } = readError(error);
  return state === undefined ? LOST_TEXT.test(text) : LOST_STATE.test(state);
};

/** Whether the server rolled the statement back for a concurrent one, and expects it again. */
export const isConflict = (error: unknown): boolean => /^(?:40001|40P01)$/.test(readError(error).state ?? '');

/** Whether the server behind a pooler does not know a prepared statement, or knows it from another client. */
export const isUnknownStatement = (error: unknown): boolean =>
  /^(?:26000|42P05)$/.test(readError(error).state ?? '');

/** Whether to close the connection: it is broken, or its server is stopping or has become read-only. */
export const isConnectionUnusable = (error: unknown): boolean => {
  const { state } = readError(error);
  return state === undefined ? !ServerMiddlewareError.is(error) : /^(?:08|25|57P|58|XX)/.test(state);
};

// By the first SQLSTATE, or class, that matches.
const FIXES: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:42883|42P01|3F000)$/,
    'run createPostgresSchema(pool), or the SQL of formatPostgresSchema() as a migration',
  ],
  [
    /^42501$/,
    'grant the pool\'s role USAGE on the schema and EXECUTE on its functions, as in the documentation, "PostgreSQL"',
  ],
  [/^25006$/, 'connect to the primary; this server is read-only'],
  [/^(?:28|3D)/, 'check the user, the password and the database of the pool'],
  [/^53300$/, 'raise max_connections, or lower max of the pools'],
  [/^53/, 'give the server more disk or memory'],
  [/^57014$/, 'let the statement_timeout of the role be longer than deadlineMs'],
];

/**
 * Makes the error for a failed statement. Errors of the server may quote parameters; this one has the message and the
 * SQLSTATE only.
 */
export const postgresFailure = (error: unknown): ServerMiddlewareError => {
  if (ServerMiddlewareError.is(error)) return error;
  const { state, text } = readError(error);
  const cause = Object.assign(new Error(text), { code: state });
  if (state === undefined) {
    return new ServerMiddlewareError('store_unavailable', `PostgreSQL failed: ${text}`, { cause });
  }
  if (state === '55P03') {
    return new ServerMiddlewareError('store_deadline', `PostgreSQL did not get a lock in time: ${text}`, {
      cause,
    });
  }
  const fix = FIXES.find(([pattern]) => pattern.test(state))?.[1] ?? 'see the log of the PostgreSQL server';
  return new ServerMiddlewareError(
    'store_unavailable',
    `PostgreSQL rejected the statement with SQLSTATE ${state}: ${text}. Fix: ${fix}.`,
    { cause },
  );
};
