/** The members of a row of `GET /v1/balances` that the contract promises. Contract §4.1. */
export interface BalanceRow {
  readonly currency: string;
  readonly network: string;
  readonly balance: string;
  readonly held: string;
  readonly available: string;
}
