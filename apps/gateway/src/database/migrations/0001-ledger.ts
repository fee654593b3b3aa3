import { type Kysely, sql } from 'kysely';

const STATEMENTS = [
  'CREATE TABLE account (id TEXT PRIMARY KEY, name TEXT NOT NULL)',

  `CREATE TABLE api_key (
     key_id TEXT PRIMARY KEY,
     account_id TEXT NOT NULL REFERENCES account,
     permissions TEXT[] NOT NULL,
     source_ips TEXT[],
     rate_limit_per_minute INTEGER NOT NULL CHECK (rate_limit_per_minute > 0),
     revoked_at TIMESTAMPTZ)`,

  `CREATE TABLE api_key_secret (
     id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     key_id TEXT NOT NULL REFERENCES api_key,
     sealed_secret TEXT NOT NULL,
     retired_at TIMESTAMPTZ)`,
  'CREATE INDEX api_key_secret_key ON api_key_secret (key_id)',

  `CREATE TABLE currency (
     currency TEXT NOT NULL, network TEXT NOT NULL, name TEXT NOT NULL,
     is_token BOOLEAN NOT NULL, contract_address TEXT,
     decimals INTEGER NOT NULL CHECK (decimals BETWEEN 0 AND 18),
     address_family TEXT NOT NULL CHECK (address_family IN ('ethereum', 'tron', 'bitcoin')),
     active BOOLEAN NOT NULL,
     min_deposit_amount NUMERIC(38, 18) NOT NULL, min_withdrawal_amount NUMERIC(38, 18) NOT NULL,
     withdrawal_fee_flat NUMERIC(38, 18) NOT NULL, withdrawal_fee_percent NUMERIC(12, 6) NOT NULL,
     PRIMARY KEY (currency, network))`,

  `CREATE TABLE account_currency (
     account_id TEXT NOT NULL REFERENCES account,
     currency TEXT NOT NULL, network TEXT NOT NULL,
     deposit_enabled BOOLEAN NOT NULL, withdrawal_enabled BOOLEAN NOT NULL,
     PRIMARY KEY (account_id, currency, network),
     FOREIGN KEY (currency, network) REFERENCES currency)`,

  `CREATE TABLE balance (
     account_id TEXT NOT NULL REFERENCES account,
     currency TEXT NOT NULL, network TEXT NOT NULL,
     balance NUMERIC(56, 18) NOT NULL,
     held NUMERIC(56, 18) NOT NULL CHECK (held >= 0),
     PRIMARY KEY (account_id, currency, network),
     FOREIGN KEY (currency, network) REFERENCES currency,
     CONSTRAINT never_overspent CHECK (balance >= held))`,

  `CREATE TABLE withdrawal (
     id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 1001) PRIMARY KEY,
     account_id TEXT NOT NULL REFERENCES account,
     currency TEXT NOT NULL, network TEXT NOT NULL,
     to_address TEXT NOT NULL,
     amount NUMERIC(56, 18) NOT NULL CHECK (amount > 0),
     fee NUMERIC(56, 18) NOT NULL CHECK (fee >= 0),
     client_reference TEXT,
     status TEXT NOT NULL CHECK (status IN ('pending', 'broadcasted', 'confirmed', 'failed')),
     chain_paused BOOLEAN NOT NULL DEFAULT false,
     tx_hash TEXT, error_message TEXT,
     requested_at TIMESTAMPTZ NOT NULL, broadcast_at TIMESTAMPTZ, settle_at TIMESTAMPTZ, confirmed_at TIMESTAMPTZ,
     FOREIGN KEY (currency, network) REFERENCES currency,
     UNIQUE (account_id, client_reference))`,
  `CREATE INDEX withdrawal_in_flight ON withdrawal (settle_at) WHERE status IN ('pending', 'broadcasted')`,

  `CREATE TABLE ledger_entry (
     id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     account_id TEXT NOT NULL, currency TEXT NOT NULL, network TEXT NOT NULL,
     kind TEXT NOT NULL,
     balance_delta NUMERIC(56, 18) NOT NULL, held_delta NUMERIC(56, 18) NOT NULL,
     withdrawal_id BIGINT REFERENCES withdrawal,
     created_at TIMESTAMPTZ NOT NULL,
     FOREIGN KEY (account_id, currency, network) REFERENCES balance)`,

  `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'ledger entries are append-only'; END $$`,
  `CREATE TRIGGER ledger_entry_is_append_only BEFORE UPDATE OR DELETE ON ledger_entry
     FOR EACH ROW EXECUTE FUNCTION refuse_change()`,
];

export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
};
