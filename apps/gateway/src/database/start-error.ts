import { DatabaseUnavailableError } from './database-unavailable.ts';

interface Target {
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly user: string;
}

// Never with the password.
const readTarget = (databaseUrl: string): Target => {
  const url = new URL(databaseUrl);
  const user = decodeURIComponent(url.username) || 'the operating system’s user';
  return {
    host: url.searchParams.get('host') ?? url.hostname,
    port: url.port || '5432',
    database: decodeURIComponent(url.pathname.slice(1)) || user,
    user,
  };
};

type Explain = (target: Target, message: string) => readonly [problem: string, fix: string];

const TLS_UNTRUSTED: Explain = ({ host }, message) => [
  `the TLS certificate of ${host} is not trusted (${message})`,
  'name the file of its authority in the URL, as ?sslmode=verify-full&sslrootcert=/path/ca.pem, and use the host name in the certificate',
];

/** By the SQLSTATE of the server or the code of the connection. */
const BY_CODE: Readonly<Record<string, Explain>> = {
  ECONNREFUSED: ({ host, port }) => [
    `no server listens on ${host}, port ${port}`,
    'start PostgreSQL, or correct the host and the port',
  ],
  ENOTFOUND: ({ host }) => [
    `the host ${host} does not exist`,
    'correct the host, or the DNS of this machine',
  ],
  EAI_AGAIN: ({ host }) => [`DNS did not answer for the host ${host}`, 'check the DNS of this machine'],
  ECONNRESET: ({ host, port }) => [
    `the server on ${host}, port ${port} closed the connection`,
    'check that it is PostgreSQL, and whether it requires TLS (?sslmode=verify-full)',
  ],
  '3D000': ({ host, database }) => [
    `the database ${database} does not exist on ${host}`,
    `create it (createdb ${database}), or correct the name at the end of the URL`,
  ],
  '28P01': ({ user, host }) => [
    `${host} rejected the password of ${user}`,
    'correct the user or the password in the URL',
  ],
  '28000': ({ user, host }, message) => [
    `${host} does not let ${user} in: ${message}`,
    /no encryption/.test(message)
      ? 'connect with TLS: add ?sslmode=verify-full to the URL'
      : 'correct the user in the URL, create the role (createuser), or allow it in pg_hba.conf',
  ],
  '42501': ({ user, database }, message) => [
    `${user} lacks a right on the database ${database}: ${message}`,
    `make ${user} the owner of the database, or GRANT CREATE, USAGE ON SCHEMA public to it`,
  ],
  '53300': ({ host }) => [
    `${host} has no connection left`,
    'raise max_connections, or run fewer processes: each uses up to 20 connections',
  ],
  '57P03': ({ host }) => [`the server on ${host} is starting or stopping`, 'try again in a few seconds'],
  '25006': ({ host }) => [`the server on ${host} is read-only`, 'connect to the primary, not to a standby'],
};

const TLS_CODES = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_)/;

/** By the message, where the driver has no code. */
const BY_MESSAGE: readonly (readonly [RegExp, Explain])[] = [
  [
    /does not support SSL connections/,
    ({ host }) => [
      `${host} does not support TLS`,
      'turn on ssl at the server, or remove sslmode from the URL',
    ],
  ],
  [
    /unsupported startup parameter/,
    ({ host, port }, message) => [
      `pgbouncer on ${host}, port ${port} rejects the time limits (${message})`,
      'set ignore_startup_parameters = statement_timeout, lock_timeout, idle_in_transaction_session_timeout in pgbouncer.ini',
    ],
  ],
  [
    /timeout|ETIMEDOUT/i,
    ({ host, port }) => [
      `${host}, port ${port} does not respond`,
      'check that the server runs, and the firewalls between this machine and it',
    ],
  ],
];

const getCauses = (error: unknown): readonly Error[] => {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [];
  return [error, ...[error.cause, ...inner].flatMap(getCauses)];
};

const findExplanation = (cause: Error): Explain | undefined => {
  const { code } = cause as { readonly code?: unknown };
  if (typeof code === 'string') {
    if (Object.hasOwn(BY_CODE, code)) return BY_CODE[code];
    if (TLS_CODES.test(code)) return TLS_UNTRUSTED;
  }
  return BY_MESSAGE.find(([pattern]) => pattern.test(cause.message))?.[1];
};

/**
 * Describes in one line why a program could not start. When PostgreSQL is the reason, the line says what is wrong
 * and how to fix it, without the password.
 */
export const formatStartError = (error: unknown, databaseUrl = process.env.DATABASE_URL): string => {
  const message = error instanceof Error ? error.message : String(error);
  const causes = getCauses(error);
  const isOfDatabase = causes.some(
    (cause) =>
      cause instanceof DatabaseUnavailableError ||
      'severity' in cause ||
      /^Database migration/.test(cause.message),
  );
  if (databaseUrl === undefined || databaseUrl === '' || !isOfDatabase) return message;
  for (const cause of causes.toReversed()) {
    const explain = findExplanation(cause);
    if (explain === undefined) continue;
    const [problem, fix] = explain(readTarget(databaseUrl), cause.message);
    return `DATABASE_URL: ${problem}. Fix: ${fix}.`;
  }
  return message;
};
