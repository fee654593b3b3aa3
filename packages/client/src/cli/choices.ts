// Repeated from @cpg/protocol, whose schemas would take most of the time to start. A test compares them.

/** The names of the six webhook events. */
export const WEBHOOK_EVENT_NAMES = [
  'deposit.detected',
  'deposit.confirmed',
  'deposit.swept',
  'withdrawal.broadcasted',
  'withdrawal.confirmed',
  'withdrawal.failed',
] as const;

export const TRANSACTION_DIRECTIONS = ['deposit', 'withdrawal', 'sweep', 'gas_topup'] as const;

/** The shells with a completion script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
