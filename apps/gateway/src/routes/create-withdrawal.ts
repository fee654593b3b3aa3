import { endpoints, isRejection } from '@cpg/protocol';
import { broadcastWithdrawal, type ChainServices } from '../chain/broadcast-withdrawal.ts';
import { createWithdrawal } from '../ledger/create-withdrawal.ts';
import { withdrawalAmounts } from '../ledger/withdrawal-amounts.ts';
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
    const { amount, fee } = await withdrawalAmounts(db, row);
    return {
      withdrawal_id: row.id,
      // A repeat gets the first answer, also after the withdrawal went on to its final state.
      status: 'broadcasted' as const,
      tx_hash: row.tx_hash ?? '',
      network: row.network,
      currency: row.currency,
      to_address: row.to_address,
      amount_decimal: amount,
      fee_decimal: fee,
    };
  });
