import { endpoints, isRejection } from '@cpg/protocol';
import type { ChainServices } from '../chain/broadcast-withdrawal.ts';
import { createDepositRequest } from '../ledger/create-deposit-request.ts';
import { formatTime } from '../ledger/format-time.ts';
import { ledgerRoute } from './ledger-route.ts';

export const createDepositAddressRoute = ({ db, clock }: ChainServices) =>
  ledgerRoute(endpoints.createDepositAddress, async ({ cpg, body }) => {
    const request = await createDepositRequest(db, {
      accountId: cpg.accountId,
      currency: body.currency,
      network: body.network,
      userIdentifier: body.user_identifier ?? null,
      idempotencyKey: body.idempotency_key ?? null,
      at: new Date(clock.now()),
    });
    if (isRejection(request)) return request;
    return {
      request_id: request.id,
      address: request.address,
      network: request.network,
      currency: request.currency,
      contract_address: request.contract_address,
      user_identifier: request.user_identifier,
      display_expires_at: formatTime(request.display_expires_at),
      created_at: formatTime(request.created_at),
    };
  });
