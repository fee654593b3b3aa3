import { errorEnvelope } from '@cpg/protocol';
import express, { type Router } from 'express';
import { z } from 'zod';
import type { SwitchableStore } from './switchable-store.ts';

const setting = z.strictObject({ state: z.enum(['up', 'down', 'silent']) });

/** Reads and sets how the admission store fares. Answers `{"state": …}` without envelope, as the conformance suite expects. */
export const createAdmissionRouter = (store: SwitchableStore): Router => {
  const router = express.Router();
  router.get('/admission', (_request, response) => {
    response.json({ state: store.state });
  });
  router.put('/admission', (request, response) => {
    const parsed = setting.safeParse(request.body);
    if (!parsed.success) {
      response.status(422).json(errorEnvelope('state: Input should be up, down or silent'));
      return;
    }
    store.state = parsed.data.state;
    response.json({ state: store.state });
  });
  return router;
};
