import { postgresStore } from '@cpg/server-middleware/postgres';
import { redisStore } from '@cpg/server-middleware/redis';
import { RedisServer } from '@cpg/test-support/redis';
import { startAdmissionDatabase } from '@cpg/test-support/server-middleware/postgres';
import { REDIS_LIBRARIES } from '@cpg/test-support/server-middleware/redis';
import { measure, SILENT } from './redis.ts';

const LIVE = 1_000_000;
const ADMISSIONS = 1_024;
const ROUNDS = 5;
const BATCH = 50_000;
const print = (line: string) => process.stdout.write(`${line}\n`);

type Database = Awaited<ReturnType<typeof startAdmissionDatabase>>;

const fillPostgres = async ({ admin }: Database): Promise<void> => {
  await admin.query(
    `INSERT INTO cpg.signature
      SELECT number, used_until / 300, extract(epoch FROM now()) / 60, used_until / 300 % 8, sha256(number::text::bytea)
        FROM (SELECT number, extract(epoch FROM now())::bigint + number % 600 AS used_until
          FROM generate_series(1, ${LIVE}) AS number) AS live`,
  );
  await admin.query('CHECKPOINT');
};

const fillRedis = async (command: (...args: string[]) => Promise<unknown>): Promise<void> => {
  const script = `for number = ARGV[1], ARGV[2] do
    redis.call('SET', 'cpg:{ck_old}:s:' .. string.format('%064x', number), 'abcdefghijkl.' .. number, 'PX', 661000)
  end`;
  for (let first = 1; first <= LIVE; first += BATCH)
    await command('EVAL', script, '0', String(first), String(first + BATCH - 1));
};

/**
 * Throughput and latency of `postgresStore` and of `redisStore` with 1,000,000 live signatures, both on disk before they reply:
 * the median of rounds that take turns.
 */
export const benchPostgres = async (): Promise<void> => {
  const database = await startAdmissionDatabase(['fsync=on']);
  const redis = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
  const { client, command, close } = await REDIS_LIBRARIES[0][1](redis.port);
  await fillPostgres(database);
  await fillRedis(command);
  const { rows } = await database.admin.query(
    "SELECT sum(pg_total_relation_size(relid)) AS bytes FROM pg_partition_tree('cpg.signature')",
  );
  print(`postgresStore: ${(Number(rows[0]?.bytes) / LIVE).toFixed(0)} bytes a live signature at ${LIVE}`);
  const options = { deadlineMs: 30_000, logger: SILENT };
  const stores = {
    postgresStore: postgresStore(database.open({ max: 16 }), options),
    redisStore: redisStore(client, options),
  };
  for (const lanes of [1, 16, 64]) {
    const results = { postgresStore: [] as Figures[], redisStore: [] as Figures[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of ['postgresStore', 'redisStore'] as const)
        results[name].push(await measure(stores[name], lanes, ADMISSIONS));
    }
    const rates = (['postgresStore', 'redisStore'] as const).map((name) => {
      const median = (figure: keyof Figures) =>
        results[name].map((round) => round[figure]).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
      print(
        `${name}, ${lanes} at once: ${median('perSecond')}/s, p50 ${median('p50').toFixed(2)} ms, p99 ${median('p99').toFixed(2)} ms`,
      );
      return median('perSecond');
    });
    print(`postgresStore : redisStore, ${lanes} at once: ${((rates[0] ?? 0) / (rates[1] ?? 1)).toFixed(2)}`);
  }
  close();
  await redis.stop();
  await database.stop();
};

type Figures = Awaited<ReturnType<typeof measure>>;
