import cluster from 'node:cluster';
import type { AdmissionStore } from '../admission/admission-store.ts';
import { helpFor } from '../help-for.ts';
import type { Logger } from '../logger.ts';
import { guardLogger } from '../user-code.ts';

// Set by pm2 for each of its instances.
const INSTANCE_VARIABLES = ['NODE_APP_INSTANCE', 'pm_id'];

/** Warns, once at start, of a memory store in a process that is one of several: each would admit a signature once. */
export const warnOfSplitMemory = (store: AdmissionStore, logger?: Logger): void => {
  const isOneOfSeveral =
    cluster.isWorker || INSTANCE_VARIABLES.some((name) => process.env[name] !== undefined);
  if (store.isPerProcess !== true || !isOneOfSeveral) return;
  const code = 'memory_store_in_cluster';
  guardLogger(logger).warn(
    { code, help: helpFor(code) },
    'memoryStore is used in one of several processes: each admits a signature once, and counts its own rate. Share one store: redisStore(client).',
  );
};
