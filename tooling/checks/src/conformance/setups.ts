import { spawnSync } from 'node:child_process';
import { type GatewayProcess, startBuiltGateway } from '@cpg/test-support/gateway-process';
import { RedisServer } from '@cpg/test-support/redis';

/** What one run of the suite tests. */
export interface Setup {
  /** The arguments of `cpg-conformance`. */
  readonly parameters: readonly string[];
  stop(): Promise<void>;
}

const PROXY = '127.0.0.9';
// Withdrawals settle soon, because cases wait for it.
const ENVIRONMENT = { CPG_TRUSTED_PROXIES: PROXY, CPG_CHAIN_SETTLE_SECONDS: '1' };
const CLIENT = `${process.execPath} packages/client/conformance/adapter.ts`;

const serverParameters = ({ url, operationsUrl }: GatewayProcess): readonly string[] => [
  ...['--url', url, '--keys', 'apps/conformance/demo-keys.json'],
  ...['--clock-url', `${operationsUrl}/_sandbox/clock`],
  ...['--store-url', `${operationsUrl}/_sandbox/admission`],
  ...['--proxy-address', PROXY],
];

/** Every layer: the protocol, the client, and a gateway with in-memory admission. */
const startAlone = async (): Promise<Setup> => {
  const gateway = await startBuiltGateway(ENVIRONMENT);
  return {
    parameters: ['run', '--self', '--exec', CLIENT, ...serverParameters(gateway)],
    stop: async () => void (await gateway.stop()),
  };
};

/** The server layer, against two gateways that share a Redis. */
const startShared = async (): Promise<Setup> => {
  const redis = await RedisServer.start();
  const starts = [1, 2].map(() => startBuiltGateway({ ...ENVIRONMENT, REDIS_URL: redis.url }));
  const stop = async () => {
    const started = await Promise.allSettled(starts);
    await Promise.all(started.map((each) => each.status === 'fulfilled' && each.value.stop()));
    await redis.stop();
  };
  try {
    const [gateway, peer] = (await Promise.all(starts)) as [GatewayProcess, GatewayProcess];
    return { parameters: ['server', ...serverParameters(gateway), '--peer-url', peer.url], stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Starts all set-ups at the same time. Without redis-server, the shared one is skipped with a line; in CI that is an error. */
export const startSetups = async (): Promise<readonly Setup[]> => {
  const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
  if (!hasRedis) {
    const shared = 'two gateways that share a Redis (needs redis-server, which is not installed)';
    if (process.env.CI === 'true') throw new Error(`Cannot run ${shared}.`);
    process.stderr.write(`SKIPPED: ${shared}\n`);
  }
  const starts = await Promise.allSettled([startAlone(), ...(hasRedis ? [startShared()] : [])]);
  const setups = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed === undefined) return setups;
  await Promise.all(setups.map((setup) => setup.stop()));
  throw failed.reason;
};
