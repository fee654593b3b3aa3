/**
 * The index for filters, newest row first. With the negated id no other index has the order of a page: for the id itself the
 * planner may prefer the index of all transactions of an account, and read all of them for a kind that has none.
 */
export const transactionKinds = [
  'DROP INDEX IF EXISTS chain_transaction_filter',
  `CREATE INDEX IF NOT EXISTS chain_transaction_kind
     ON chain_transaction (account_id, direction, status, currency, network, (-id))`,
];
