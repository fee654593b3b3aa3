import { benchAuthenticate } from './bench-authenticate.ts';
import { benchExpress } from './bench-express.ts';
import { benchMemoryStore } from './bench-memory-store.ts';
import { benchOracle } from './bench-oracle.ts';

/** Prints every figure of the server middleware: authentication, memory store, timing oracle, a loaded server. */
export const benchServerMiddleware = async (): Promise<void> => {
  benchMemoryStore();
  await benchAuthenticate();
  await benchOracle();
  await benchExpress();
};
