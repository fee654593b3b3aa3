import { checkOptions, type OptionRule, type OptionRules } from '../guards.ts';

export interface PostgresTableOptions {
  /**
   * The name of the table, with its schema if it has one. Use one inbox for each gateway, because event ids
   * are unique in one only. @default "cpg_webhook_inbox"
   */
  readonly table?: string | undefined;
}

const NAME = '[a-z_][a-z0-9_]{0,62}';
// Unquoted in SQL, so that it needs no escaping.
const TABLE_NAME = new RegExp(`^(?:${NAME}\\.)?${NAME}$`);
export const TABLE: OptionRule = {
  accepts: (value) => typeof value === 'string' && TABLE_NAME.test(value),
  expected: 'a name of lower-case letters, digits and "_", with at most one "."',
};
export const DEFAULT_TABLE = 'cpg_webhook_inbox';
const TABLE_RULES: OptionRules<PostgresTableOptions> = { table: TABLE };

/**
 * The SQL that creates the table of `postgresInbox`, for your migrations. It may run any number of times.
 *
 * @throws CpgError `invalid_configuration` for an invalid table name.
 */
export const formatPostgresInboxTable = (options: PostgresTableOptions = {}): string => {
  checkOptions('formatPostgresInboxTable', options, TABLE_RULES);
  const { table = DEFAULT_TABLE } = options;
  const index = `${table.split('.').at(-1)?.slice(0, 50)}_expiry`;
  return `CREATE TABLE IF NOT EXISTS ${table} (
  event_id bigint PRIMARY KEY,
  -- The latest claim.
  token text NOT NULL,
  is_handled boolean NOT NULL,
  -- The end of the lease, or of the time for which a handled event is kept.
  expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ${index} ON ${table} (expires_at);`;
};

// $1 is the event, $2 the token, $3 milliseconds. All times are those of the server, one for a statement.
const NOW = 'statement_timestamp()';
const END = `${NOW} + $3::float8 * interval '1 millisecond'`;

// Updates the row in any case, because the returned values are then those of the latest transaction.
const formatClaim = (table: string): string => {
  const isFree = `entry.expires_at <= ${NOW} OR (entry.token = excluded.token AND NOT entry.is_handled)`;
  const take = (column: string) =>
    `${column} = CASE WHEN ${isFree} THEN excluded.${column} ELSE entry.${column} END`;
  return `
INSERT INTO ${table} AS entry (event_id, token, is_handled, expires_at)
VALUES ($1::bigint, $2::text, false, ${END})
ON CONFLICT (event_id) DO UPDATE SET ${['token', 'is_handled', 'expires_at'].map(take).join(', ')}
RETURNING CASE WHEN is_handled THEN 'handled' WHEN token = $2::text THEN 'claimed' ELSE 'busy' END AS state,
  (extract(epoch FROM expires_at - ${NOW}) * 1000)::float8 AS lease_ends_in_ms`;
};

// Keeps the token of the latest claim, which is completed without a warning.
const formatComplete = (table: string): string => `
INSERT INTO ${table} AS entry (event_id, token, is_handled, expires_at)
VALUES ($1::bigint, $2::text, true, ${END})
ON CONFLICT (event_id) DO UPDATE SET is_handled = true, expires_at = excluded.expires_at
RETURNING CASE WHEN token = $2::text THEN 'held' ELSE 'lost' END AS state`;

// Locks the row until the transaction ends: another claim waits for its outcome.
const formatCompleteIn = (table: string): string => `
UPDATE ${table} SET is_handled = true, expires_at = ${END}
WHERE event_id = $1::bigint AND token = $2::text AND NOT is_handled
RETURNING 'held' AS state`;

const formatRelease = (table: string): string =>
  `DELETE FROM ${table} WHERE event_id = $1::bigint AND token = $2::text AND NOT is_handled`;

// A transaction that completes the claim holds its row, and must not keep a second connection waiting.
const formatRenew = (table: string): string => `
UPDATE ${table} SET expires_at = ${END} WHERE event_id = (
  SELECT event_id FROM ${table} WHERE event_id = $1::bigint AND token = $2::text AND NOT is_handled
  FOR UPDATE SKIP LOCKED)`;

// A day late: the process of an ended lease may still complete its claim.
const formatExpire = (table: string): string => `
DELETE FROM ${table} WHERE event_id IN (
  SELECT event_id FROM ${table} WHERE expires_at < now() - interval '1 day' LIMIT 1000 FOR UPDATE SKIP LOCKED)`;

/** The statements of an inbox, with the parameters event, token and milliseconds as far as they need them. */
export const formatStatements = (table: string) => ({
  claim: formatClaim(table),
  complete: formatComplete(table),
  completeIn: formatCompleteIn(table),
  release: formatRelease(table),
  renew: formatRenew(table),
  expire: formatExpire(table),
});
