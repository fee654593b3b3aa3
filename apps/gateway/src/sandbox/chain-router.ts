import { isRejection, toDecimal, upperCaseAscii, validationFailed } from '@cpg/protocol';
import express, { type Router } from 'express';
import { z } from 'zod';
import { delayTransaction, mineBlocks } from '../chain/blocks.ts';
import { receiveDeposit, sweepDeposit } from '../chain/broadcast.ts';
import type { SimulatedChain } from '../chain/simulated-chain.ts';
import { createDepositRequest, selectDepositRequests } from '../ledger/deposit-requests.ts';
import type { LedgerServices } from '../ledger/networks.ts';
import { DEMO_ACCOUNT } from './demo.ts';
import { decimalAmount, done, sandboxRoute, storableText } from './sandbox-route.ts';

const id = z.coerce.number({ error: 'Input should be a valid integer' }).int().positive();
const blocks = z.int({ error: 'Input should be a number of blocks' }).min(1).max(1_000_000);
const OUTCOMES = { confirm: 'confirmed', fail: 'failed' } as const;
const outcome = z.enum(['confirm', 'fail'], { error: 'Input should be confirm or fail' });

const payRequest = async (services: LedgerServices, requestId: number, paid: string) => {
  const request = await selectDepositRequests(services.db)
    .where('deposit_request.id', '=', requestId)
    .executeTakeFirst();
  if (request === undefined) return undefined;
  if (toDecimal(paid).decimalPlaces() > request.decimals) {
    return validationFailed(`amount: Input should have at most ${request.decimals} decimal places`);
  }
  const { network, address } = request;
  const deposit = await receiveDeposit(services, { network, address, amount: paid });
  return deposit === undefined
    ? undefined
    : { id: deposit.id, deposit_request_id: deposit.deposit_request_id, tx_hash: deposit.tx_hash };
};

/** A payment to a new deposit address, of the demo account by default. */
const payment = z.strictObject({
  account_id: storableText.default(DEMO_ACCOUNT),
  currency: storableText,
  network: storableText,
  amount: decimalAmount,
});

const payAccount = async (
  services: LedgerServices,
  { account_id: accountId, currency, network, amount: paid }: z.output<typeof payment>,
) => {
  const request = await createDepositRequest(services.db, {
    accountId,
    currency,
    network,
    userIdentifier: null,
    idempotencyKey: null,
    at: new Date(services.clock.now()),
  });
  return isRejection(request) ? request : payRequest(services, request.id, paid);
};

/** Controls the simulated chain: deposits, outcomes, delays and blocks. */
export const createChainRouter = (services: LedgerServices, chain: SimulatedChain): Router => {
  const router = express.Router();
  router.post(
    '/deposits',
    sandboxRoute(z.strictObject({ request_id: id, amount: decimalAmount }), (input) =>
      payRequest(services, input.request_id, input.amount),
    ),
  );
  router.post(
    '/payments',
    sandboxRoute(payment, (input) => payAccount(services, input)),
  );
  router.post(
    '/deposits/:id/sweep',
    sandboxRoute(z.object({ id }), (input) => done(sweepDeposit(services, input.id))),
  );
  router.post(
    '/deposits/:id/reverse',
    sandboxRoute(z.object({ id }), (input) => done(chain.reverseDeposit(input.id))),
  );
  router.post(
    '/deposits/:id/delay',
    sandboxRoute(z.object({ id, blocks }), (input) =>
      done(delayTransaction(services, { direction: 'deposit', ...input })),
    ),
  );
  router.post(
    '/withdrawals/:id/delay',
    sandboxRoute(z.object({ id, blocks }), (input) =>
      done(delayTransaction(services, { direction: 'withdrawal', ...input })),
    ),
  );
  router.post(
    '/deposits/:id/:outcome',
    sandboxRoute(z.object({ id, outcome }), (input) =>
      done(chain.settleDeposit(input.id, OUTCOMES[input.outcome])),
    ),
  );
  router.post(
    '/withdrawals/:id/:outcome',
    sandboxRoute(z.object({ id, outcome }), (input) => done(chain.settle(input.id, OUTCOMES[input.outcome]))),
  );
  router.post(
    '/blocks',
    sandboxRoute(
      z.strictObject({ network: storableText.transform(upperCaseAscii), blocks }),
      async (input) => {
        if (!(await mineBlocks(services, input))) return undefined;
        await chain.advance();
        return { done: true };
      },
    ),
  );
  return router;
};
