/** Accounts, their API keys, and the networks and currencies they can use. */
export const accounts = [
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

  `CREATE TABLE network (
     network TEXT PRIMARY KEY,
     address_family TEXT NOT NULL CHECK (address_family IN ('ethereum', 'tron', 'bitcoin')),
     required_confirmations INTEGER NOT NULL CHECK (required_confirmations > 0),
     block_interval_ms INTEGER NOT NULL CHECK (block_interval_ms > 0),
     mined_ahead BIGINT NOT NULL DEFAULT 0)`,

  `CREATE TABLE currency (
     currency TEXT NOT NULL, network TEXT NOT NULL REFERENCES network, name TEXT NOT NULL,
     is_token BOOLEAN NOT NULL, contract_address TEXT,
     decimals INTEGER NOT NULL CHECK (decimals BETWEEN 0 AND 18),
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

  `CREATE TABLE hot_wallet (
     account_id TEXT NOT NULL REFERENCES account,
     network TEXT NOT NULL REFERENCES network,
     address TEXT NOT NULL,
     PRIMARY KEY (account_id, network))`,
];
