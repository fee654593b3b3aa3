/** The eight permissions that a key can have; `_ping` needs none. Wire protocol §4. */
export const PERMISSIONS = Object.freeze([
  'read_balance',
  'list_currencies',
  'request_deposit_address',
  'read_deposit_status',
  'request_withdrawal_funding_address',
  'list_transactions',
  'withdraw',
  'read_withdrawal_status',
] as const);

/** One of the eight permissions of {@link PERMISSIONS}. */
export type Permission = (typeof PERMISSIONS)[number];
