/**
 * The number of changes to API keys, so that a process with cached keys finds out in one statement whether any of them
 * changed. A row and not a sequence: the number is read together with the change that it counts.
 */
export const apiKeyVersion = [
  `CREATE TABLE api_key_version (
     id BOOLEAN PRIMARY KEY DEFAULT true CHECK (id),
     version BIGINT NOT NULL)`,
  'INSERT INTO api_key_version (version) VALUES (0)',
  `CREATE FUNCTION count_api_key_change() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN UPDATE api_key_version SET version = version + 1; RETURN NULL; END $$`,
  ...['api_key', 'api_key_secret'].map(
    (table) => `CREATE TRIGGER ${table}_changes AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${table}
       FOR EACH STATEMENT EXECUTE FUNCTION count_api_key_change()`,
  ),
];
