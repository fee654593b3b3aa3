import { benchClient, benchCommands } from './client/client.ts';
import { benchConsole } from './console.ts';
import { benchGateway, GATEWAY_PARTS, type GatewayPart } from './gateway/gateway.ts';
import { benchProtocol } from './protocol/protocol.ts';
import { benchExpress, benchReplacedSet, benchReplacements } from './server-middleware/express.ts';
import { benchAuthenticate, benchMemoryStore } from './server-middleware/in-process.ts';
import { benchPostgres } from './server-middleware/postgres.ts';
import { benchFailover, benchReplicas } from './server-middleware/redis.ts';
import { probeTiming } from './server-middleware/timing-probe.ts';

type Benchmark = () => void | Promise<void>;

const BENCHMARKS: Readonly<Record<string, readonly Benchmark[]>> = {
  protocol: [() => benchProtocol()],
  client: [benchClient, benchCommands],
  'client-commands': [benchCommands],
  console: [benchConsole],
  gateway: [() => benchGateway()],
  'gateway-quick': [() => benchGateway(undefined, 'quick')],
  ...Object.fromEntries(
    Object.keys(GATEWAY_PARTS).map((part) => [
      `gateway-${part}`,
      [() => benchGateway([part as GatewayPart])],
    ]),
  ),
  'server-middleware': [
    benchMemoryStore,
    () => benchAuthenticate(),
    () => probeTiming(),
    () => benchExpress(),
  ],
  'memory-store': [benchMemoryStore],
  postgres: [benchPostgres],
  redis: [benchReplicas],
  'redis-failover': [benchFailover],
  ab: [benchReplacedSet, () => benchReplacements()],
};
const DEFAULT = ['protocol', 'server-middleware'];

/** `npm run bench`, or `npm run bench protocol` for a part: prints figures; nothing passes or fails. */
const main = async (given: readonly string[]): Promise<void> => {
  const unknown = given.filter((name) => !Object.hasOwn(BENCHMARKS, name));
  if (unknown.length > 0)
    throw new Error(`Expected ${Object.keys(BENCHMARKS).join(', ')}: got ${unknown.join(', ')}.`);
  for (const name of given.length === 0 ? DEFAULT : given)
    for (const run of BENCHMARKS[name] ?? []) await run();
};

// In `npm run bench | head -1`, the rest is not read.
process.stdout.once('error', () => process.exit());
await main(process.argv.slice(2));
