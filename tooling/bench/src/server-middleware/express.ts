import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isInstalled } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import { median } from '../protocol/measure.ts';
import { Load, signedPost } from './load.ts';
import { REPLACEMENTS, type Replacement } from './replacements.ts';
import type { Reading } from './server-program.ts';
import { VARIANTS, type Variant } from './variants.ts';

const REQUESTS = 3_000;
const WARM_UP = 6_000;
const PROGRAM = fileURLToPath(new URL('./server-program.ts', import.meta.url));
const BENCH = fileURLToPath(new URL('../bench.ts', import.meta.url));
const REPLACEMENT_HOOKS = new URL('./replacements.ts', import.meta.url).href;

interface Contender {
  readonly name: string;
  readonly variant: Variant;
  readonly server: ChildProcess;
  readonly port: number;
  readonly load: Load;
  readonly cpu: number[];
  readonly perSecond: number[];
  readonly loopDelay: number[];
}

let serial = 0;

interface ServerOptions {
  readonly name: string;
  readonly variant: Variant;
  readonly redisUrl?: string;
  /** Runs the packages from their sources, with this code replaced. */
  readonly replacement?: Replacement | 'none';
}

const FROM_SOURCES = ['--conditions=@cpg/source', '--import', REPLACEMENT_HOOKS];

export const startServer = async ({
  name,
  variant,
  redisUrl = '',
  replacement,
}: ServerOptions): Promise<Contender> => {
  const isReplaced = replacement !== undefined && replacement !== 'none';
  const server = fork(PROGRAM, [variant, redisUrl], {
    execArgv: replacement === undefined ? process.execArgv : FROM_SOURCES,
    env: { ...process.env, ...(isReplaced ? { CPG_BENCH_REPLACEMENT: replacement } : {}) },
  });
  const [port] = (await Promise.race([
    once(server, 'message'),
    once(server, 'exit').then(() => Promise.reject(new Error(`The server "${name}" did not start.`))),
  ])) as [number];
  return { name, variant, server, port, load: await Load.open(port), cpu: [], perSecond: [], loopDelay: [] };
};

const read = async ({ server }: Contender): Promise<Reading> => {
  const reading = once(server, 'message');
  server.send('read');
  return (await reading)[0] as Reading;
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

const print = (contenders: readonly Contender[]): void => {
  const [bare] = contenders;
  for (const { name, cpu, perSecond, loopDelay } of contenders) {
    const ratio = median(cpu.map((own, round) => own / (bare?.cpu[round] ?? Number.NaN)));
    process.stdout.write(
      `  ${name.padEnd(20)}${median(cpu).toFixed(1).padStart(7)} µs${ratio.toFixed(2).padStart(7)} ×` +
        `${median(perSecond).toFixed(0).padStart(8)} requests/s, loop delay p99 ${median(loopDelay).toFixed(1)} ms\n`,
    );
  }
};

const runRounds = async (contenders: readonly Contender[], rounds: number): Promise<void> => {
  for (const contender of contenders) await contender.load.run(sign(contender, WARM_UP));
  for (let round = 0; round < rounds; round += 1) {
    // Every server is first, second, … in turn.
    const offset = round % contenders.length;
    for (const contender of [...contenders.slice(offset), ...contenders.slice(0, offset)])
      await runRound(contender);
  }
};

const stop = (contenders: readonly Contender[]): void => {
  for (const { load, server } of contenders) {
    load.close();
    server.disconnect();
  }
};

/**
 * Prints the CPU that one request costs an Express 5 server, bare and with each protection, in interleaved rounds. Without
 * redis-server the Redis variant is skipped with a line.
 */
export const benchExpress = async (rounds = 15): Promise<void> => {
  const redis = isInstalled('redis-server') ? await RedisServer.start() : undefined;
  if (redis === undefined) process.stdout.write('SKIPPED: cpg-redis (needs redis-server)\n');
  const contenders: Contender[] = [];
  try {
    for (const variant of VARIANTS) {
      if (variant === 'cpg-redis' && redis === undefined) continue;
      contenders.push(await startServer({ name: variant, variant, redisUrl: redis?.url ?? '' }));
    }
    await runRounds(contenders, rounds);
    process.stdout.write('CPU a request, Express 5, POST of 844 bytes\n');
    print(contenders);
  } finally {
    stop(contenders);
    await redis?.stop();
  }
};

const MIN_SAVING_PERCENT = 3;

const formatPercent = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(1)} %`;

/**
 * Compares hand-written code with the plain code that could replace it, as CPU of a loaded Express 5 server, in interleaved rounds. 100 %
 * is the middleware's own share: a request with `cpgAuth` and `memoryStore`, less a request to the bare server in the same round.
 * `control` is the unchanged server a second time, so its figure is noise.
 */
export const benchReplacements = async (rounds = 30): Promise<void> => {
  const contenders: Contender[] = [];
  try {
    contenders.push(await startServer({ name: 'bare', variant: 'bare', replacement: 'none' }));
    for (const name of ['unchanged', 'control', ...REPLACEMENTS])
      contenders.push(
        await startServer({
          name,
          variant: 'cpg-memory',
          replacement: REPLACEMENTS.find((each) => each === name) ?? 'none',
        }),
      );
    await runRounds(contenders, rounds);
  } finally {
    stop(contenders);
  }
  const [bare, unchanged, ...changed] = contenders;
  if (bare === undefined || unchanged === undefined) return;
  const share = unchanged.cpu.map((cpu, round) => cpu - (bare.cpu[round] ?? Number.NaN));
  process.stdout.write(
    `A/B on Express 5, POST of 844 bytes, ${rounds} rounds of ${REQUESTS} requests: bare ${median(bare.cpu).toFixed(1)} µs, ` +
      `unchanged ${median(unchanged.cpu).toFixed(1)} µs, so the middleware takes ${median(share).toFixed(1)} µs\n` +
      `More CPU than unchanged, in percent of the middleware; hand-written code stays above +${MIN_SAVING_PERCENT} %:\n`,
  );
  for (const { name, cpu } of changed) {
    const differences = cpu
      .map((own, round) => (100 * (own - (unchanged.cpu[round] ?? Number.NaN))) / median(share))
      .sort((a, b) => a - b);
    const quantile = (part: number): string =>
      formatPercent(differences[Math.floor((differences.length - 1) * part)] ?? Number.NaN);
    process.stdout.write(
      `  ${name.padEnd(44)} median ${quantile(0.5)}, quartiles ${quantile(0.25)} to ${quantile(0.75)}, ` +
        `range ${quantile(0)} to ${quantile(1)}\n`,
    );
  }
};

/** Prints the memory of a live signature and the time of `admit`, unchanged and with the replaced set, each in a process of its own. */
export const benchReplacedSet = async (): Promise<void> => {
  for (const replacement of [undefined, 'a Set of texts in place of the typed array'] as const) {
    process.stdout.write(`${replacement ?? 'the typed array, unchanged'}\n`);
    const child = fork(BENCH, ['memory-store'], {
      execArgv: FROM_SOURCES,
      env: { ...process.env, ...(replacement === undefined ? {} : { CPG_BENCH_REPLACEMENT: replacement }) },
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`The benchmark of the memory store ended with ${code}.`);
  }
};
