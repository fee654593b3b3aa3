import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Load } from './load.ts';
import type { Reading } from './server-program.ts';
import { signedPost } from './signed-posts.ts';
import { VARIANTS, type Variant } from './variants.ts';

const REQUESTS = 3_000;
const WARM_UP = 6_000;
const PROGRAM = fileURLToPath(new URL('./server-program.ts', import.meta.url));

interface Contender {
  readonly variant: Variant;
  readonly server: ChildProcess;
  readonly port: number;
  readonly load: Load;
  readonly cpu: number[];
  readonly perSecond: number[];
  readonly loopDelay: number[];
}

let serial = 0;

const start = async (variant: Variant, redisUrl: string): Promise<Contender> => {
  const server = fork(PROGRAM, [variant, redisUrl], { execArgv: process.execArgv });
  const [port] = (await once(server, 'message')) as [number];
  return { variant, server, port, load: await Load.open(port), cpu: [], perSecond: [], loopDelay: [] };
};

const read = async ({ server }: Contender): Promise<Reading> => {
  const answer = once(server, 'message');
  server.send('read');
  return (await answer)[0] as Reading;
};

const sign = ({ variant, port }: Contender, count: number): Buffer[] =>
  Array.from({ length: count }, () => {
    serial += 1;
    return signedPost(variant, port, serial);
  });

const runRound = async (contender: Contender): Promise<void> => {
  const requests = sign(contender, REQUESTS);
  const before = await read(contender);
  const startedAt = performance.now();
  await contender.load.run(requests);
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await read(contender);
  contender.cpu.push((after.cpu - before.cpu) / REQUESTS);
  contender.perSecond.push(REQUESTS / seconds);
  contender.loopDelay.push(after.loopDelayP99);
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
};

const print = (contenders: readonly Contender[]): void => {
  const [bare] = contenders;
  for (const { variant, cpu, perSecond, loopDelay } of contenders) {
    const ratio = median(cpu.map((own, round) => own / (bare?.cpu[round] ?? Number.NaN)));
    process.stdout.write(
      `  ${variant.padEnd(20)}${median(cpu).toFixed(1).padStart(7)} µs${ratio.toFixed(2).padStart(7)} ×` +
        `${median(perSecond).toFixed(0).padStart(8)} requests/s, loop delay p99 ${median(loopDelay).toFixed(1)} ms\n`,
    );
  }
};

const measureAll = async (contenders: readonly Contender[], rounds: number): Promise<void> => {
  for (const contender of contenders) await contender.load.run(sign(contender, WARM_UP));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) await runRound(contender);
  }
  process.stdout.write('CPU a request, Express 5, POST of 844 bytes\n');
  print(contenders);
};

const hasRedis = (): boolean => spawnSync('which', ['redis-server']).status === 0;

/**
 * Prints the CPU that one request costs an Express 5 server, bare and protected in turn, in interleaved rounds. Without
 * redis-server the Redis variant is left out, and it says so.
 */
export const benchExpress = async (rounds = 15): Promise<void> => {
  const port = await freePort();
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', ''];
  const redis = hasRedis() ? spawn('redis-server', settings, { stdio: 'ignore' }) : undefined;
  if (redis === undefined) process.stdout.write('SKIPPED: cpg-redis (needs redis-server)\n');
  const contenders: Contender[] = [];
  try {
    for (const variant of VARIANTS) {
      if (variant === 'cpg-redis' && redis === undefined) continue;
      contenders.push(await start(variant, `redis://127.0.0.1:${port}`));
    }
    await measureAll(contenders, rounds);
  } finally {
    for (const { load, server } of contenders) {
      load.close();
      server.disconnect();
    }
    redis?.kill();
  }
};
