/** The name that a key has in the console, and the events that a webhook gets; `NULL` is all of them. */
export const consoleColumns = [
  `ALTER TABLE api_key ADD COLUMN label TEXT NOT NULL DEFAULT ''`,
  'ALTER TABLE webhook_endpoint ADD COLUMN events TEXT[]',
];
