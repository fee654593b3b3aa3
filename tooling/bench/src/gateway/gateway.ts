import { availableParallelism, loadavg } from 'node:os';
import { isInstalled } from '@cpg/test-support/programs';
import { benchSettlement, benchWebhooks } from './background-work.ts';
import { type Environment, SIZES, startEnvironment } from './environment.ts';
import { benchGrowth, benchIdle, benchTenMillion } from './growth.ts';
import { benchAudit, benchRedisCluster, benchRetention, benchStandby } from './outgrowing.ts';
import { benchBalances, benchProcesses, benchShards, benchWithdrawals } from './requests-per-second.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);

/** The parts of the benchmark, in the order in which they run. */
export const GATEWAY_PARTS = {
  balances: benchBalances,
  withdrawals: benchWithdrawals,
  processes: benchProcesses,
  shards: benchShards,
  settlement: benchSettlement,
  webhooks: benchWebhooks,
  growth: benchGrowth,
  idle: benchIdle,
  audit: benchAudit,
  standby: benchStandby,
  retention: benchRetention,
  'redis-cluster': benchRedisCluster,
  // Only when it is asked for: it needs 10 GB of disk and a quarter of an hour.
  '10m': benchTenMillion,
} satisfies Readonly<Record<string, (environment: Environment) => Promise<void>>>;

export type GatewayPart = keyof typeof GATEWAY_PARTS;

const ALL = (Object.keys(GATEWAY_PARTS) as GatewayPart[]).filter((part) => part !== '10m');

const formatLoad = (): string =>
  `load average ${loadavg()
    .map((load) => load.toFixed(1))
    .join(', ')} on ${availableParallelism()} cores`;

/**
 * Prints figures of the built gateway on PostgreSQL and Redis, each beside its limit in the same run. Needs Linux,
 * PostgreSQL with pgbench, and redis-server; without them it prints that it was skipped. `quick` measures so little that
 * a test can run it.
 */
export const benchGateway = async (
  parts: readonly GatewayPart[] = ALL,
  size: keyof typeof SIZES = 'full',
): Promise<void> => {
  const missing = ['postgres', 'pgbench', 'redis-server'].filter((program) => !isInstalled(program));
  if (missing.length > 0 || process.platform !== 'linux') {
    print(
      `SKIPPED: gateway (needs Linux, PostgreSQL with pgbench, redis-server; missing: ${missing.join(', ')})`,
    );
    return;
  }
  const environment = await startEnvironment(SIZES[size]);
  try {
    for (const part of parts) {
      await GATEWAY_PARTS[part](environment);
      print(`  ${formatLoad()}`);
    }
  } finally {
    await environment.stop();
  }
};
