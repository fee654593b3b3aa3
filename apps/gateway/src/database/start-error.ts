import { getErrorUrl, setDocumentationUrl } from '@cpg/protocol';
import { DatabaseUnavailableError } from './database-unavailable.ts';

/** Why a program of the gateway ends before it does its work. Each code has an entry on the documentation site. */
export const START_ERROR_CODES = Object.freeze({
  invalid_configuration: 'A variable has an invalid value, is missing, or is unknown.',
  database_unavailable: 'PostgreSQL cannot be used.',
  migration_failed: 'The tables of the database could not be created or changed.',
  no_persistent_database: 'A command for a stored database found neither DATABASE_URL nor CPG_DATA_DIR.',
  data_folder_unavailable: 'The folder of the embedded database is in use, or cannot be locked.',
  missing_master_key: 'A stored database needs a master key, and none is configured.',
  invalid_master_key_file: 'The file master.key can be read by others, or holds no key.',
  wrong_master_key: 'Secrets in the database are encrypted with a key that is not configured.',
  other_mode: 'The sandbox was started on a database of a service, or the service on one of the sandbox.',
  unknown_webhook_account: 'CPG_WEBHOOK_ACCOUNT names no account.',
  cannot_listen: 'The port cannot be used.',
  secret_not_shown: 'A new secret could not be printed, so nothing was changed.',
});

export type StartErrorCode = keyof typeof START_ERROR_CODES;

/** An error before the work of a program begins. Its message names what to fix. */
export class StartError extends Error {
  override readonly name = 'StartError';

  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

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

/** With the address of the page that explains the code, below CPG_DOCUMENTATION_URL if it is set. */
const withPage = (message: string, code: StartErrorCode): string => {
  const { CPG_DOCUMENTATION_URL: url = '' } = process.env;
  if (url !== '') setDocumentationUrl(url);
  return `${message}\nMore: ${getErrorUrl('gateway', code)}`;
};

/**
 * Describes why a program could not start: a line with the reason, without passwords, and the address of the page
 * that explains it. When PostgreSQL is the reason, the line says what is wrong and how to fix it.
 */
export const formatStartError = (error: unknown, databaseUrl = process.env.DATABASE_URL): string => {
  const explanation = explainDatabaseError(error, databaseUrl);
  if (explanation !== undefined) return withPage(explanation, 'database_unavailable');
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof StartError ? withPage(message, error.code) : message;
};

const explainDatabaseError = (error: unknown, databaseUrl: string | undefined): string | undefined => {
  const causes = getCauses(error);
  const isOfDatabase = causes.some(
    (cause) =>
      cause instanceof DatabaseUnavailableError ||
      'severity' in cause ||
      /^Database migration/.test(cause.message),
  );
  if (databaseUrl === undefined || databaseUrl === '' || !isOfDatabase) return undefined;
  for (const cause of causes.toReversed()) {
    const explain = findExplanation(cause);
    if (explain === undefined) continue;
    const [problem, fix] = explain(readTarget(databaseUrl), cause.message);
    return `DATABASE_URL: ${problem}. Fix: ${fix}.`;
  }
  return undefined;
};
