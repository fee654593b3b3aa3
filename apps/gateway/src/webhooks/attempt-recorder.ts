import { CompiledQuery } from 'kysely';
import { isDatabaseUnavailable } from '../database/database-unavailable.ts';
import type { Database } from '../database/open-database.ts';
import type { Clock } from '../time.ts';
import { type Delivery, getRetryDelay, type SentWebhook } from './attempts.ts';

/** The outcome of an attempt that is to be recorded. */
export interface RecordedResponse extends SentWebhook {
  /** How long the attempt took. */
  readonly ms: number;
}

interface ResultRow {
  readonly id: string;
  readonly status: 'pending' | 'delivered' | 'dead';
  readonly attempted_at: Date;
  readonly next_attempt_at: Date;
  readonly response_status: number | null;
  readonly error: string | null;
  readonly duration_ms: number;
  readonly request_timestamp: number | null;
  readonly response_head: string | null;
  readonly response_body: string | null;
  readonly response_is_cut: boolean | null;
}

interface Waiting {
  readonly row: ResultRow;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const MAX_ROWS = 100;

// The deliveries, the attempts, and the endpoints that have responded. An attempt that outlived its lease must not overwrite the
// result of another attempt.
const RECORD = `
  WITH result AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS row (id uuid, status text, attempted_at timestamptz,
      next_attempt_at timestamptz, response_status integer, error text, duration_ms integer,
      request_timestamp bigint, response_head text, response_body text, response_is_cut boolean)),
  recorded AS (
    UPDATE webhook_delivery d
    SET status = r.status, attempts = attempts + 1, next_attempt_at = r.next_attempt_at, claimed_until = NULL
    FROM result r WHERE d.id = r.id AND d.status = 'pending'
    RETURNING d.id, d.endpoint_id),
  responding AS (
    UPDATE webhook_endpoint e SET has_responded = true, failures = 0, suspensions = 0, suspended_until = NULL
    FROM (SELECT DISTINCT endpoint_id FROM recorded JOIN result USING (id)
      WHERE response_status IS NOT NULL) AS responded
    WHERE e.id = responded.endpoint_id AND (NOT has_responded OR failures > 0))
  INSERT INTO webhook_attempt (delivery_id, attempted_at, response_status, error, duration_ms,
    request_timestamp, response_head, response_body, response_is_cut)
  SELECT id, attempted_at, response_status, error, duration_ms,
    request_timestamp, response_head, response_body, response_is_cut FROM result JOIN recorded USING (id)`;

/**
 * Records attempts. While one statement runs, further results wait and go into the next one, up to 100: the more
 * attempts end, the fewer statements each of them takes.
 */
export class AttemptRecorder {
  readonly #db: Database;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor({ db, clock }: { readonly db: Database; readonly clock: Clock }) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Resolves when the result is written, with the delivery, the attempt and a response of the endpoint. */
  record(delivery: Delivery, response: RecordedResponse): Promise<void> {
    const row = createRow(delivery, response, this.#clock.now());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row, resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0, MAX_ROWS));
    this.#isWriting = false;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      const rows = JSON.stringify(batch.map(({ row }) => row));
      await this.#db.executeQuery(CompiledQuery.raw(RECORD, [rows]));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      // One row fails all of them: each alone.
      if (batch.length > 1 && !isDatabaseUnavailable(error)) {
        for (const each of batch) await this.#write([each]);
        return;
      }
      for (const { reject } of batch) reject(error);
    }
  }
}

const createRow = (delivery: Delivery, response: RecordedResponse, now: number): ResultRow => {
  const isDelivered = response.status !== null && response.status >= 200 && response.status < 300;
  const delay = getRetryDelay(delivery.attempts + 1);
  return {
    id: delivery.id,
    status: isDelivered ? 'delivered' : delay === undefined ? 'dead' : 'pending',
    attempted_at: new Date(now),
    next_attempt_at: new Date(now + (delay ?? 0)),
    response_status: response.status,
    // PostgreSQL has no text with this character.
    error: response.error?.replaceAll('\0', '') ?? null,
    duration_ms: response.ms,
    request_timestamp: response.timestamp,
    response_head: response.excerpt?.head ?? null,
    response_body: response.excerpt?.body ?? null,
    response_is_cut: response.excerpt?.isCut ?? null,
  };
};
