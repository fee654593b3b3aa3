export { createWithdrawal } from './create-withdrawal.ts';
export { getWithdrawal } from './get-withdrawal.ts';
export { listBalances } from './list-balances.ts';
export { ping } from './ping.ts';
