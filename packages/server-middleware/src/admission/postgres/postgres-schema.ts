import { assertOptions, assertValue, type OptionRule, type OptionRules, optional } from '../../options.ts';
import { aPool, PostgresConnections, type PostgresPool } from './postgres-client.ts';
import { postgresFailure } from './postgres-error.ts';

export interface PostgresSchemaOptions {
  /** The schema of the tables and functions. @default "cpg" */
  readonly schema?: string | undefined;
}

export const DEFAULT_SCHEMA = 'cpg';

/** Unquoted in SQL, so that it needs no escaping. */
export const aSchemaName: OptionRule = (value) =>
  typeof value === 'string' && /^[a-z_][a-z0-9_]{0,62}$/.test(value)
    ? undefined
    : 'be a name of lower-case letters, digits and "_"';

const RULES: OptionRules<PostgresSchemaOptions> = { schema: optional(aSchemaName) };

const CREATE_DEADLINE_MS = 60_000;
/** Seconds of expiry that share a partition, and the partitions, which are used in turn. */
const SLICE_SECONDS = 300;
const PARTITIONS = 8;
/** Two processes whose clocks differ by less than this forget no signature that the other still accepts. */
const CLOCK_TOLERANCE_SECONDS = 60;
/** Longer than a signature lives: two windows and the tolerance, in whole minutes. */
const MIN_AGE_MINUTES = 13;
/** A counter has as many rows, so that as many requests of one key commit at the same time. */
const SHARDS = 16;
/** Minutes that are counted at the same time, by processes whose clocks differ. */
const MINUTES = 4;

/**
 * Returns the SQL that creates or updates the tables and functions of `postgresStore`, for a migration tool. It may run any
 * number of times, and from several processes at once. Run it as the role that is to own them; the role of the service needs
 * only USAGE on the schema and EXECUTE on its functions.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const formatPostgresSchema = (options: PostgresSchemaOptions = {}): string => {
  assertOptions({ owner: 'formatPostgresSchema', options, rules: RULES });
  const { schema = DEFAULT_SCHEMA } = options;
  return [
    // Also a transaction: the statements of one query text are committed together.
    `SELECT pg_advisory_xact_lock(hashtextextended('${schema}.signature', 0));`,
    // The lock does not make a schema visible that another process has created meanwhile.
    `DO $$ BEGIN
  CREATE SCHEMA IF NOT EXISTS ${schema};
EXCEPTION WHEN unique_violation THEN NULL;
END $$;`,
    formatTables(schema),
    formatLockShard(schema),
    formatCount(schema),
    formatAdmit(schema),
    formatExpire(schema),
    `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;`,
  ].join('\n\n');
};

/**
 * Creates or updates the tables and functions of `postgresStore`: run it at start, or run the text of `formatPostgresSchema`
 * as a migration.
 *
 * @throws ServerMiddlewareError `invalid_option`, `store_unavailable`
 */
export const createPostgresSchema = async (
  pool: PostgresPool,
  options: PostgresSchemaOptions = {},
): Promise<void> => {
  assertValue({ name: 'createPostgresSchema: pool', value: pool, rule: aPool });
  const deadlineAt = performance.now() + CREATE_DEADLINE_MS;
  try {
    await new PostgresConnections(pool).runScript(formatPostgresSchema(options), deadlineAt);
  } catch (error) {
    throw postgresFailure(error);
  }
};

const formatTables = (schema: string): string =>
  [
    `CREATE TABLE IF NOT EXISTS ${schema}.signature (
  claim bigint NOT NULL,
  slice integer NOT NULL,
  recorded_minute integer NOT NULL,
  slot smallint NOT NULL,
  id bytea NOT NULL,
  PRIMARY KEY (id, slot)
) PARTITION BY LIST (slot);`,
    // Rows are never updated or deleted, only truncated.
    ...Array.from(
      { length: PARTITIONS },
      (_, slot) =>
        `CREATE TABLE IF NOT EXISTS ${schema}.signature_${slot} PARTITION OF ${schema}.signature FOR VALUES IN (${slot}) WITH (autovacuum_enabled = false);`,
    ),
    `CREATE TABLE IF NOT EXISTS ${schema}.admission_count (
  minute bigint NOT NULL,
  admitted bigint NOT NULL,
  slot smallint NOT NULL,
  shard smallint NOT NULL,
  name text NOT NULL,
  PRIMARY KEY (name, slot, shard)
) WITH (fillfactor = 50);`,
  ].join('\n');

/** Locks one of the shards of a counter that are not used up; `NULL` when all are, -1 when the next attempt may find one. */
const formatLockShard = (
  schema: string,
): string => `CREATE OR REPLACE FUNCTION ${schema}.lock_shard(p_name text, p_minute bigint, p_limit bigint)
RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_free integer[];
  v_shard integer;
BEGIN
  v_free := ${formatFreeShards(schema)};
  FOREACH v_shard IN ARRAY v_free LOOP
    EXIT WHEN pg_try_advisory_xact_lock(hashtextextended(p_name, p_minute * ${SHARDS} + v_shard));
    v_shard := NULL;
  END LOOP;
  IF cardinality(v_free) = 0 THEN
    RETURN NULL;
  END IF;
  IF v_shard IS NULL THEN
    v_shard := v_free[1];
    PERFORM pg_advisory_xact_lock(hashtextextended(p_name, p_minute * ${SHARDS} + v_shard));
  END IF;
  -- Others may have used it up before it was locked.
  v_free := ${formatFreeShards(schema)};
  RETURN CASE WHEN v_shard = ANY (v_free) THEN v_shard WHEN cardinality(v_free) > 0 THEN -1 END;
END $$;`;

// The sum counts too, for a limit that was lowered within the minute.
const formatFreeShards = (schema: string): string => `ARRAY(
    SELECT candidate FROM generate_series(0, ${SHARDS - 1}) AS candidate
      LEFT JOIN ${schema}.admission_count ON name = p_name AND slot = p_minute % ${MINUTES} AND minute = p_minute
        AND shard = candidate
    WHERE coalesce(admitted, 0) < p_limit / ${SHARDS} + (candidate < p_limit % ${SHARDS})::integer
      AND p_limit > (SELECT coalesce(sum(admitted), 0) FROM ${schema}.admission_count
        WHERE name = p_name AND slot = p_minute % ${MINUTES} AND minute = p_minute)
    ORDER BY 1)`;

const formatCount = (schema: string): string => `CREATE OR REPLACE FUNCTION ${schema}.count_admission(
  p_name text, p_minute bigint, p_shard integer
) RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO ${schema}.admission_count AS counted (minute, admitted, slot, shard, name)
    VALUES (p_minute, 1, p_minute % ${MINUTES}, p_shard, p_name)
    ON CONFLICT (name, slot, shard) DO UPDATE SET minute = excluded.minute,
      admitted = CASE WHEN counted.minute = excluded.minute THEN counted.admitted + 1 ELSE 1 END;
$$;`;

// The order matters. A transaction locks a shard of the key, then one of the route, then it records the signature, which may
// wait for another transaction that records the same one. It never holds what comes later while it waits for what comes
// earlier, so there is no deadlock; and what depends on a count is decided while its shard is locked.
const formatAdmit = (schema: string): string => `CREATE OR REPLACE FUNCTION ${schema}.admit(
  p_id bytea, p_key_id text, p_used_until bigint, p_minute bigint, p_limit bigint,
  p_route text, p_route_limit bigint, p_claim bigint, p_deadline_ms float8,
  OUT decision text, OUT server_ms float8
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_slot smallint := p_used_until / ${SLICE_SECONDS} % ${PARTITIONS};
  v_route text := p_key_id || ' ' || p_route;
  v_shard integer;
  v_route_shard integer := 0;
  v_claim bigint;
BEGIN
  server_ms := extract(epoch FROM clock_timestamp()) * 1000;
  IF server_ms >= p_deadline_ms THEN
    decision := 'late';
    RETURN;
  END IF;
  PERFORM set_config('lock_timeout', least(ceil(p_deadline_ms - server_ms), 2147483647)::integer::text, true);
  IF current_setting('synchronous_commit') IN ('off', 'local') THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;

  v_shard := ${schema}.lock_shard(p_key_id, p_minute, p_limit);
  IF v_shard >= 0 AND p_route IS NOT NULL THEN
    v_route_shard := ${schema}.lock_shard(v_route, p_minute, p_route_limit);
  END IF;
  IF v_shard >= 0 AND v_route_shard >= 0 THEN
    INSERT INTO ${schema}.signature (claim, slice, recorded_minute, slot, id)
      VALUES (p_claim, p_used_until / ${SLICE_SECONDS}, extract(epoch FROM clock_timestamp()) / 60, v_slot, p_id)
      ON CONFLICT DO NOTHING;
    IF FOUND THEN
      PERFORM ${schema}.count_admission(p_key_id, p_minute, v_shard);
      IF p_route IS NOT NULL THEN
        PERFORM ${schema}.count_admission(v_route, p_minute, v_route_shard);
      END IF;
      server_ms := extract(epoch FROM clock_timestamp()) * 1000;
      IF server_ms >= p_deadline_ms THEN
        RAISE EXCEPTION 'the deadline of the admission has passed' USING ERRCODE = 'lock_not_available';
      END IF;
      decision := 'admitted';
      RETURN;
    END IF;
  END IF;

  -- Of one partition, by its name: a query of the parent would lock all of them.
  EXECUTE 'SELECT claim FROM ${schema}.signature_' || v_slot || ' WHERE id = $1 AND slot = $2'
    INTO v_claim USING p_id, v_slot;
  server_ms := extract(epoch FROM clock_timestamp()) * 1000;
  decision := CASE
    WHEN v_claim = p_claim THEN 'admitted'
    WHEN v_claim IS NOT NULL THEN 'replayed'
    WHEN v_shard IS NULL OR v_route_shard IS NULL THEN 'rate_limited'
    ELSE 'busy'
  END;
END $$;`;

// A partition is emptied when nothing in it can still be accepted, by both clocks: neither a service nor a database whose
// clock is wrong empties one alone. No transaction uses a partition by then, so the lock does not wait.
const formatExpire = (schema: string): string => `CREATE OR REPLACE FUNCTION ${schema}.expire(p_now bigint)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_table text;
  v_is_expired boolean;
  v_emptied integer := 0;
  c_is_expired text := 'SELECT EXISTS (SELECT FROM %1$s) AND NOT EXISTS (SELECT FROM %1$s
    WHERE slice >= ($1 - ${CLOCK_TOLERANCE_SECONDS}) / ${SLICE_SECONDS}
      OR recorded_minute > extract(epoch FROM clock_timestamp()) / 60 - ${MIN_AGE_MINUTES})';
BEGIN
  PERFORM set_config('lock_timeout', '100', true);
  FOR v_slot IN 0..${PARTITIONS - 1} LOOP
    v_table := '${schema}.signature_' || v_slot;
    EXECUTE format(c_is_expired, v_table) INTO v_is_expired USING p_now;
    CONTINUE WHEN NOT v_is_expired;
    EXECUTE 'LOCK TABLE ' || v_table || ' IN ACCESS EXCLUSIVE MODE';
    EXECUTE format(c_is_expired, v_table) INTO v_is_expired USING p_now;
    CONTINUE WHEN NOT v_is_expired;
    EXECUTE 'TRUNCATE ' || v_table;
    v_emptied := v_emptied + 1;
  END LOOP;
  RETURN v_emptied;
EXCEPTION WHEN lock_not_available THEN
  -- Another process is at it, or a backup reads the table.
  RETURN 0;
END $$;`;
