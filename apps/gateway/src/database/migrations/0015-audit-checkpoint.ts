/**
 * How far `gateway:audit --since-last` has verified the ledger: one row, and for each balance the sums of its verified
 * entries. Without foreign keys: the audit must lock nothing that a request needs.
 */
export const auditCheckpoint = [
  `CREATE TABLE audit_checkpoint (
     id BOOLEAN PRIMARY KEY DEFAULT true CHECK (id),
     ledger_entry BIGINT NOT NULL DEFAULT 0,
     withdrawal BIGINT NOT NULL DEFAULT 0,
     chain_transaction BIGINT NOT NULL DEFAULT 0,
     unconfirmed BIGINT[] NOT NULL DEFAULT '{}',
     verified_at TIMESTAMPTZ)`,

  `CREATE TABLE audit_balance (
     account_id TEXT NOT NULL, currency TEXT NOT NULL, network TEXT NOT NULL,
     balance NUMERIC NOT NULL, held NUMERIC NOT NULL, reversed NUMERIC NOT NULL,
     entries BIGINT NOT NULL,
     digest NUMERIC NOT NULL,
     PRIMARY KEY (account_id, currency, network))`,
];
