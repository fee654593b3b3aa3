import { errorEnvelope, successEnvelope } from '@cpg/protocol';
import express, { type Router } from 'express';
import { z } from 'zod';
import type { SimulatedChain } from '../chain/simulated-chain.ts';
import type { Clock } from '../clock.ts';
import { loopbackOnly } from './loopback-only.ts';

const clockSetting = z.strictObject({ now: z.int().min(0).nullable() });
const settlement = z.object({ id: z.coerce.number().int().positive(), outcome: z.enum(['confirm', 'fail']) });

/** `/_sandbox/*`: drives the clock and the simulated chain. Unauthenticated, hence loopback only and off by default. */
export const createSandboxRouter = (clock: Clock, chain: SimulatedChain): Router => {
  const router = express.Router();
  const readClock = () => ({ now: Math.floor(clock.now() / 1000), frozen: clock.frozen });
  router.use(loopbackOnly, express.json());
  router.get('/clock', (_request, response) => {
    response.json(readClock());
  });
  router.put('/clock', (request, response) => {
    const setting = clockSetting.safeParse(request.body);
    if (!setting.success) {
      response.status(422).json(errorEnvelope('now: Input should be Unix seconds, or null for real time'));
      return;
    }
    clock.freeze(setting.data.now === null ? null : setting.data.now * 1000);
    response.json(readClock());
  });
  router.post('/withdrawals/:id/:outcome', async (request, response) => {
    const parsed = settlement.safeParse(request.params);
    const isSettled =
      parsed.success &&
      (await chain.settle(parsed.data.id, parsed.data.outcome === 'fail' ? 'failed' : 'confirmed'));
    if (isSettled) response.json(successEnvelope({ settled: true }));
    else
      response
        .status(404)
        .json(errorEnvelope('No withdrawal in flight has this id, or the outcome is not confirm or fail'));
  });
  return router;
};
