/** A known text encrypted with the master key: a gateway with another key does not start. One row. */
export const masterKeyCheck = [
  `CREATE TABLE master_key_check (
     id BOOLEAN PRIMARY KEY DEFAULT true CHECK (id),
     sealed_text TEXT NOT NULL)`,
];
