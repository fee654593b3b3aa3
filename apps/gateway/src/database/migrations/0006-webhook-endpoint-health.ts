/**
 * Whether an endpoint responds: one that does not is suspended, and is tried again after a time that doubles. Due
 * deliveries are found by endpoint.
 */
export const webhookEndpointHealth = [
  `ALTER TABLE webhook_endpoint
     ADD COLUMN has_responded BOOLEAN NOT NULL DEFAULT false,
     ADD COLUMN failures INTEGER NOT NULL DEFAULT 0,
     ADD COLUMN suspensions INTEGER NOT NULL DEFAULT 0,
     ADD COLUMN suspended_until TIMESTAMPTZ`,
  'DROP INDEX webhook_delivery_due',
  `CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, next_attempt_at)
     WHERE status = 'pending'`,
];
