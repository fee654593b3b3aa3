import { endpoints, isRejection, toDecimal } from '@cpg/protocol';
import { broadcastWithdrawal, type ChainServices } from '../chain/broadcast-withdrawal.ts';
import { createWithdrawal } from '../ledger/create-withdrawal.ts';
import { currencyDecimals } from '../ledger/currency-decimals.ts';
import { ledgerRoute } from './ledger-route.ts';

export const createWithdrawalRoute = ({ db, clock }: ChainServices) =>
  ledgerRoute(endpoints.createWithdrawal, async ({ cpg, body }) => {
    const held = await createWithdrawal(db, {
      accountId: cpg.accountId,
      currency: body.currency,
      network: body.network,
      toAddress: body.to_address,
      amount: body.amount,
      clientReference: body.client_reference ?? null,
      at: new Date(clock.now()),
    });
    if (isRejection(held)) return held;
    const row = await broadcastWithdrawal({ db, clock }, held.id);
    const decimals = await currencyDecimals(db, row);
    return {
      withdrawal_id: row.id,
      // A repeat gets the first answer, also after the withdrawal went on to its final state.
      status: 'broadcasted' as const,
      tx_hash: row.tx_hash ?? '',
      network: row.network,
      currency: row.currency,
      to_address: row.to_address,
      amount_decimal: toDecimal(row.amount).toFixed(decimals),
      fee_decimal: toDecimal(row.fee).toFixed(decimals),
    };
  });
