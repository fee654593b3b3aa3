import type { RejectionCode } from '@cpg/protocol';

/** What to do about a refusal, where its own message does not say. */
export const CURES: Readonly<Partial<Record<RejectionCode, string>>> = Object.freeze({
  invalid_signature:
    'The bytes were signed as they were sent, so keyId and secret do not belong together, or the key was revoked.',
  timestamp_outside_window: 'Set the clock of this machine; the Date of the answer could not correct it.',
  source_ip_not_whitelisted: 'Call from an address on the list of the key, or have this one added.',
  rate_limit_exceeded: 'Set rateLimitPerMinute to wait for the next minute instead.',
  client_reference_conflict: 'Repeat a call unchanged; take a new reference for a new one.',
  idempotency_key_conflict: 'Repeat a call unchanged; take a new key for a new one.',
});
