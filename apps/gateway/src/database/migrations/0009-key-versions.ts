const hasVersion = (table: string) => `ALTER TABLE ${table} ADD COLUMN key_version TEXT`;

/** The version of the master key that encrypts each secret; `NULL` in rows from before, and not known. */
export const keyVersions = [
  ...['master_key_check', 'api_key_secret', 'webhook_endpoint'].map(hasVersion),
  'CREATE INDEX api_key_secret_key_version ON api_key_secret (key_version)',
  'CREATE INDEX webhook_endpoint_key_version ON webhook_endpoint (key_version)',
];
