import { ServerMiddlewareError } from '../../errors.ts';

/** The ACL rules that the admit script needs; documentation, "Redis". */
export const MINIMAL_RIGHTS = '+evalsha +eval +time +get +set +incr';

// A connection that was lost before the reply, as reported by Node, node-redis and ioredis. Nothing else is retried.
const LOST_CODES: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const LOST_MESSAGES: readonly RegExp[] = [
  /^Socket closed unexpectedly$/,
  /^Disconnects client$/,
  /^Connection is closed\.$/,
  /^Command aborted due to connection close$/,
  /^Reached the max retries per request limit /,
];

const FIXES: readonly (readonly [RegExp, string])[] = [
  [/^OOM/, 'raise maxmemory, and keep maxmemory-policy noeviction'],
  [/^READONLY/, 'connect to the primary; this server is a replica'],
  [/^(?:NOAUTH|WRONGPASS)/, 'check the user name and password of the Redis client'],
  [/WRONGTYPE|rate counter/, 'another program writes these keys; give each program a prefix of its own'],
];
const DENIED = /NOPERM|can't run this command|no permissions|can't access/;
// The admit script appends its step in brackets; Redis quotes the name of a command.
const COMMAND = /\[(\w+)\]$|'(\w+)' command/;

/** Whether the connection was lost before the reply; the script may have run. */
export const isLostConnection = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { code, message } = error as NodeJS.ErrnoException;
  return LOST_CODES.has(code) || LOST_MESSAGES.some((pattern) => pattern.test(message));
};

/** An error reply of Redis starts with a code in capitals, in both libraries. */
export const isErrorReply = (error: unknown): error is Error =>
  error instanceof Error && /^[A-Z][A-Z0-9]+(?: |$)/.test(error.message);

/** The origin of an error, and the ACL rules that it needs. */
interface RedisUse {
  readonly what: string;
  readonly rights: string;
}

/**
 * Makes the error for a failed script. Errors of the client libraries and of Redis may contain the command, with an unused
 * signature; this one does not.
 */
export const redisFailure = (error: unknown, use: RedisUse): ServerMiddlewareError => {
  if (ServerMiddlewareError.is(error)) return error;
  const cause = withoutCommand(error);
  const message = isErrorReply(error)
    ? `${use.what} rejected the request with an error: ${cause.message}. Fix: ${getFix(cause.message, use)}.`
    : `${use.what} failed: ${cause.message}`;
  return new ServerMiddlewareError('store_unavailable', message, { cause });
};

const getFix = (reply: string, { rights }: RedisUse): string => {
  if (!DENIED.test(reply)) {
    return FIXES.find(([pattern]) => pattern.test(reply))?.[1] ?? 'see the log of the Redis server';
  }
  const [, step, quoted] = COMMAND.exec(reply) ?? [];
  const command = step ?? quoted;
  const missing = command === undefined ? '' : `grant +${command}; `;
  return `${missing}the Redis user needs ${rights}, on all keys that begin with the prefix`;
};

const withoutCommand = (error: unknown): Error => {
  const text = error instanceof Error ? error.message : String(error);
  const cause = new Error(text.replace(/[0-9a-f]{64}/g, '[signature]').trim());
  if (error instanceof Error) cause.name = error.name;
  return cause;
};
