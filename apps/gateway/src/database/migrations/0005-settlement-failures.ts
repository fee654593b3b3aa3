/**
 * What could not be settled or broadcast, and when it is tried again. A row of its own: it can be written while
 * another session holds a lock on what failed.
 */
export const settlementFailures = [
  `CREATE TABLE settlement_failure (
     kind TEXT NOT NULL CHECK (kind IN ('transaction', 'withdrawal')),
     id BIGINT NOT NULL,
     attempts INTEGER NOT NULL,
     retry_at TIMESTAMPTZ NOT NULL,
     error TEXT NOT NULL,
     PRIMARY KEY (kind, id))`,
];
