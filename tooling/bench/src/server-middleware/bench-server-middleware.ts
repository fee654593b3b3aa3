import { benchAuthenticate } from './bench-authenticate.ts';
import { benchExpress } from './bench-express.ts';
import { benchMemoryStore } from './bench-memory-store.ts';
import { probeTiming } from './timing-probe.ts';

/** Prints every figure of the server middleware: authentication, memory store, timing probe, a loaded server. */
export const benchServerMiddleware = async (): Promise<void> => {
  benchMemoryStore();
  await benchAuthenticate();
  await probeTiming();
  await benchExpress();
};
