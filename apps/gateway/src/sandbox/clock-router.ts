import { errorEnvelope } from '@cpg/protocol';
import express, { type Router } from 'express';
import { z } from 'zod';
import type { Clock } from '../clock.ts';

// The end of the year 9999: ISO-8601 has no plainer form for what is later.
const LATEST = 253_402_300_799;
const setting = z.strictObject({ now: z.int().min(0).max(LATEST).nullable() });

/** Reads, stops and releases the clock. Answers `{"now": …, "frozen": …}` without envelope, as the conformance suite expects. */
export const createClockRouter = (clock: Clock): Router => {
  const router = express.Router();
  const readClock = () => ({ now: Math.floor(clock.now() / 1000), frozen: clock.frozen });
  router.get('/clock', (_request, response) => {
    response.json(readClock());
  });
  router.put('/clock', (request, response) => {
    const parsed = setting.safeParse(request.body);
    if (!parsed.success) {
      response.status(422).json(errorEnvelope('now: Input should be Unix seconds, or null for real time'));
      return;
    }
    clock.freeze(parsed.data.now === null ? null : parsed.data.now * 1000);
    response.json(readClock());
  });
  return router;
};
