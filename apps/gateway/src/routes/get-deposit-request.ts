import { endpoints, REJECTIONS } from '@cpg/protocol';
import type { ChainServices } from '../chain/broadcast-withdrawal.ts';
import { findDepositRequest } from '../ledger/find-deposit-request.ts';
import { formatTime } from '../ledger/format-time.ts';
import { listDepositTransactions } from '../ledger/list-deposit-transactions.ts';
import { ledgerRoute } from './ledger-route.ts';

export const getDepositRequestRoute = (services: ChainServices) =>
  ledgerRoute(endpoints.getDepositRequest, async ({ cpg, pathParameters }) => {
    const request = await findDepositRequest(services.db, cpg.accountId, pathParameters.request_id);
    if (request === undefined) return REJECTIONS.not_found;
    const isShown = services.clock.now() < request.display_expires_at.getTime();
    return {
      request_id: request.id,
      address: request.address,
      network: request.network,
      currency: request.currency,
      user_identifier: request.user_identifier,
      status: isShown ? ('active' as const) : ('expired' as const),
      display_expires_at: formatTime(request.display_expires_at),
      created_at: formatTime(request.created_at),
      transactions: await listDepositTransactions(services, request),
    };
  });
