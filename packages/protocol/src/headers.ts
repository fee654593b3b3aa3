/** Carries the key's public id. Contract §1.1. */
export const KEY_HEADER = 'X-CPG-Key';
/** Carries Unix seconds. Contract §1.1, and §5 for webhooks. */
export const TIMESTAMP_HEADER = 'X-CPG-Timestamp';
/** Carries 64 lowercase hex digits. Contract §1.1, and §5 for webhooks. */
export const SIGNATURE_HEADER = 'X-CPG-Signature';

/** The three headers that every signed request carries exactly once. Contract §1.1. */
export const AUTHENTICATION_HEADERS = Object.freeze([
  KEY_HEADER,
  TIMESTAMP_HEADER,
  SIGNATURE_HEADER,
] as const);

/** Names the event of a webhook. Contract §5. */
export const EVENT_HEADER = 'X-CPG-Event';
/** Identifies a webhook delivery; the same on every retry. Contract §5. */
export const DELIVERY_HEADER = 'X-CPG-Delivery';
