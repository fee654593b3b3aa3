/** Balances, what moves them, and the append-only entries that say why. */
export const ledger = [
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
     requested_at TIMESTAMPTZ NOT NULL, broadcast_at TIMESTAMPTZ, confirmed_at TIMESTAMPTZ,
     FOREIGN KEY (currency, network) REFERENCES currency,
     UNIQUE (account_id, client_reference))`,
  `CREATE INDEX withdrawal_in_flight ON withdrawal (status, id) WHERE status IN ('pending', 'broadcasted')`,

  `CREATE TABLE deposit_address (
     id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     account_id TEXT NOT NULL REFERENCES account,
     currency TEXT NOT NULL, network TEXT NOT NULL,
     address TEXT NOT NULL,
     user_identifier TEXT,
     free_at TIMESTAMPTZ,
     FOREIGN KEY (currency, network) REFERENCES currency,
     UNIQUE (network, address),
     UNIQUE (account_id, currency, network, user_identifier),
     CONSTRAINT sticky_or_recyclable CHECK ((user_identifier IS NULL) <> (free_at IS NULL)))`,

  `CREATE TABLE deposit_request (
     id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 5001) PRIMARY KEY,
     account_id TEXT NOT NULL REFERENCES account,
     address_id BIGINT NOT NULL REFERENCES deposit_address,
     idempotency_key TEXT,
     display_expires_at TIMESTAMPTZ NOT NULL, created_at TIMESTAMPTZ NOT NULL,
     UNIQUE (account_id, idempotency_key))`,
  'CREATE INDEX deposit_request_address ON deposit_request (address_id, id)',

  `CREATE TABLE chain_transaction (
     id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     account_id TEXT NOT NULL REFERENCES account,
     direction TEXT NOT NULL CHECK (direction IN ('deposit', 'withdrawal', 'sweep', 'gas_topup')),
     status TEXT NOT NULL CHECK (status IN ('detected', 'broadcasted', 'confirmed', 'failed')),
     currency TEXT NOT NULL, network TEXT NOT NULL,
     from_address TEXT, to_address TEXT NOT NULL,
     amount NUMERIC(56, 18) NOT NULL CHECK (amount > 0),
     tx_hash TEXT NOT NULL UNIQUE,
     block_number BIGINT,
     created_at TIMESTAMPTZ NOT NULL, confirmed_at TIMESTAMPTZ,
     deposit_request_id BIGINT REFERENCES deposit_request,
     withdrawal_id BIGINT UNIQUE REFERENCES withdrawal,
     swept_id BIGINT UNIQUE REFERENCES chain_transaction,
     FOREIGN KEY (currency, network) REFERENCES currency)`,
  'CREATE INDEX chain_transaction_account ON chain_transaction (account_id, id DESC)',
  'CREATE INDEX chain_transaction_request ON chain_transaction (deposit_request_id, id)',
  `CREATE INDEX chain_transaction_in_flight ON chain_transaction (network, block_number)
     WHERE status IN ('detected', 'broadcasted')`,

  // The unique pairs: whatever the programs do, nothing is held, debited, released or credited twice.
  `CREATE TABLE ledger_entry (
     id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     account_id TEXT NOT NULL, currency TEXT NOT NULL, network TEXT NOT NULL,
     kind TEXT NOT NULL,
     balance_delta NUMERIC(56, 18) NOT NULL, held_delta NUMERIC(56, 18) NOT NULL,
     withdrawal_id BIGINT REFERENCES withdrawal,
     deposit_id BIGINT REFERENCES chain_transaction,
     created_at TIMESTAMPTZ NOT NULL,
     FOREIGN KEY (account_id, currency, network) REFERENCES balance,
     UNIQUE (withdrawal_id, kind),
     UNIQUE (deposit_id, kind))`,
  'CREATE INDEX ledger_entry_balance ON ledger_entry (account_id, currency, network)',

  `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'ledger entries are append-only'; END $$`,
  `CREATE TRIGGER ledger_entry_is_append_only BEFORE UPDATE OR DELETE ON ledger_entry
     FOR EACH ROW EXECUTE FUNCTION refuse_change()`,
];
