/** What an attempt sent that differs between attempts, and the start of the response. Rows from before have none. */
export const webhookResponses = [
  `ALTER TABLE webhook_attempt
     ADD COLUMN request_timestamp BIGINT,
     ADD COLUMN response_head TEXT,
     ADD COLUMN response_body TEXT,
     ADD COLUMN response_is_cut BOOLEAN`,
];
