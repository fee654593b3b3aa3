import type { Logger } from 'pino';
import type { SimulatedChain } from './simulated-chain.ts';

const INTERVAL_MS = 200;

/** Advances the chain again and again, one round at a time. The returned function stops it, after the round under way. */
export const startChainLoop = (chain: SimulatedChain, logger: Logger): (() => Promise<void>) => {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  const run = () => {
    round = chain
      .advance()
      .catch((error: unknown) => logger.error({ err: error }, 'the simulated chain could not advance'))
      .then(() => {
        if (!isStopped) timer = setTimeout(run, INTERVAL_MS);
      });
  };
  run();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await round;
  };
};
