/**
 * The signatures that asked for a withdrawal or a deposit request. Unique: even when the admission store has lost what it
 * remembered, no request counts twice. `NULL` in older rows, and for requests of the sandbox.
 */
export const requestSignatures = ['withdrawal', 'deposit_request'].flatMap((table) => [
  `ALTER TABLE ${table}
     ADD COLUMN key_id TEXT,
     ADD COLUMN signature BYTEA CHECK (length(signature) = 32),
     ADD CONSTRAINT ${table}_is_signed CHECK ((key_id IS NULL) = (signature IS NULL)),
     ADD CONSTRAINT ${table}_signature UNIQUE (key_id, signature)`,
]);
