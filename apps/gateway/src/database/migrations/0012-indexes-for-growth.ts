/**
 * What grows with every transaction and delivery is found by index. The index of kinds serves every combination of filters: a
 * page is the newest of one short range for each kind of transaction. With the negated id no other index has the order of a
 * page: for the id itself the planner may prefer the index of all transactions of an account, and read all of them for a kind
 * that has none. `IF NOT EXISTS`: an operator may have built an index before with `CONCURRENTLY`, which locks no table.
 */
export const indexesForGrowth = [
  `CREATE INDEX IF NOT EXISTS chain_transaction_kind
     ON chain_transaction (account_id, direction, status, currency, network, (-id))`,
  `CREATE INDEX IF NOT EXISTS webhook_delivery_dead ON webhook_delivery (endpoint_id) WHERE status = 'dead'`,
];
