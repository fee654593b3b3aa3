import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isInstalled } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import { formatSpread, median } from '../protocol/measure.ts';
import { Load, signedPost } from './load.ts';
import { REPLACEMENTS, type Replacement } from './replacements.ts';
import type { Reading } from './server-program.ts';
import { PEERS, VARIANTS, type Variant } from './variants.ts';

/** Few, so that both servers of a pair meet the same load of the machine. */
const SLICE = 1_000;
/**
 * Measured by thread: up to 20,000 requests the compiler's threads take 20 µs of CPU a request, after 30,000 they and the collector's
 * take 2 µs.
 */
const WARM_UP = 30_000;
/** Not counted, at the head of a slice: a server that was idle for longer starts with colder caches. */
const WARM_IN = 400;
const A_B_REQUESTS = 3_000;
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

/** Sends so many requests; returns the CPU microseconds of the server for each. */
const runSlice = async (contender: Contender, count: number): Promise<number> => {
  await contender.load.run(sign(contender, WARM_IN));
  const requests = sign(contender, count);
  const before = await read(contender);
  const startedAt = performance.now();
  await contender.load.run(requests);
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await read(contender);
  const cpu = (after.cpu - before.cpu) / count;
  contender.cpu.push(cpu);
  contender.perSecond.push(count / seconds);
  contender.loopDelay.push(after.loopDelayP99);
  return cpu;
};

const warmUp = async (contenders: readonly Contender[]): Promise<void> => {
  for (const contender of contenders) {
    // Signed a part at a time: the timestamp of the last ones must not be too old on a busy machine.
    for (let sent = 0; sent < WARM_UP; sent += SLICE) await contender.load.run(sign(contender, SLICE));
  }
};

/** Every contender is first, second, … in turn. */
const rotate = <Item>(items: readonly Item[], round: number): Item[] => {
  const offset = round % items.length;
  return [...items.slice(offset), ...items.slice(0, offset)];
};

const stop = (contenders: readonly Contender[]): void => {
  for (const { load, server } of contenders) {
    load.close();
    server.disconnect();
  }
};

/** The CPU of a variant's slices as multiples of the bare server's, measured just before or just after. */
interface Ratios {
  readonly variant: string;
  /** One list for each process of the variant. */
  readonly byProcess: number[][];
  readonly cpu: number[];
  readonly perSecond: number[];
  readonly loopDelay: number[];
}

const CONTROL = 'bare again';
const MAX_RATIO = 1.25;

/** A server and a bare one of its own, with the same number of requests behind it. */
interface Pair {
  readonly bare: Contender;
  readonly contender: Contender;
}

/** Measures the two of a pair one after the other, and first in turn; returns the ratio of each round. */
const runPairs = async (pairs: readonly Pair[], rounds: number): Promise<Map<string, number[]>> => {
  const ratios = new Map(pairs.map(({ contender }) => [contender.name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { bare, contender } of rotate(pairs, round)) {
      const isBareFirst = round % 2 === 0;
      const first = await runSlice(isBareFirst ? bare : contender, SLICE);
      const second = await runSlice(isBareFirst ? contender : bare, SLICE);
      ratios.get(contender.name)?.push(isBareFirst ? second / first : first / second);
    }
  }
  return ratios;
};

const formatLoad = (): string => {
  const [one, five] = loadavg() as [number, number];
  return `load average ${one.toFixed(1)}, ${five.toFixed(1)} on ${availableParallelism()} cores`;
};

const print = (all: readonly Ratios[]): void => {
  for (const { variant, byProcess, cpu, perSecond, loopDelay } of all) {
    const processes = byProcess.map((ratios) => median(ratios).toFixed(2)).join(' ');
    process.stdout.write(
      `  ${variant.padEnd(20)}${median(cpu).toFixed(1).padStart(7)} µs  ${formatSpread(byProcess.flat())}, of each process ${processes}; ` +
        `${median(perSecond).toFixed(0)} requests/s, loop delay p99 ${median(loopDelay).toFixed(1)} ms\n`,
    );
  }
};

const printTargets = (all: readonly Ratios[]): void => {
  const getRatio = (name: string) =>
    median(all.find(({ variant }) => variant === name)?.byProcess.flat() ?? []);
  const own = getRatio('cpg-memory');
  const format = (isHeld: boolean, text: string) => `  ${isHeld ? 'held' : 'MISSED'}: ${text}\n`;
  process.stdout.write(
    format(own <= MAX_RATIO, `cpg-memory ${own.toFixed(2)} × bare, at most ${MAX_RATIO} ×`),
  );
  const floor = getRatio('floor');
  process.stdout.write(
    `  the floor, one HMAC and none of the other checks, takes ${floor.toFixed(2)} × bare: cpg-memory is ${(own / floor).toFixed(2)} × the floor\n`,
  );
  for (const peer of PEERS) {
    const ratio = getRatio(peer);
    process.stdout.write(
      format(own <= ratio, `cpg-memory ${own.toFixed(2)} × bare, at most ${peer}, ${ratio.toFixed(2)} ×`),
    );
  }
};

/**
 * Prints the CPU that one request costs an Express 5 server, bare and with each protection. Each has a bare server of its own, and
 * the slices of the two alternate, so that a change of the machine's load reaches both. New processes repeat this, because compiled
 * code and memory layout differ between two processes with the same program. Every slice counts; `bare again` is the noise. Without
 * redis-server the Redis variant is skipped with a line.
 */
export const benchExpress = async (processes = 4, rounds = 10): Promise<void> => {
  const redis = isInstalled('redis-server') ? await RedisServer.start() : undefined;
  if (redis === undefined) process.stdout.write('SKIPPED: cpg-redis (needs redis-server)\n');
  const variants = VARIANTS.filter((variant) => variant !== 'cpg-redis' || redis !== undefined);
  const names = [CONTROL, ...variants.slice(1)];
  const all = names.map(
    (variant): Ratios => ({ variant, byProcess: [], cpu: [], perSecond: [], loopDelay: [] }),
  );
  process.stdout.write(
    `CPU a request, Express 5, POST of 844 bytes; ${processes} processes of each, ${rounds} slices of ${SLICE} requests in each; ${formatLoad()}\n`,
  );
  try {
    for (let generation = 0; generation < processes; generation += 1) {
      const contenders: Contender[] = [];
      const start = async (name: string, variant: Variant): Promise<Contender> => {
        const contender = await startServer({ name, variant, redisUrl: redis?.url ?? '' });
        contenders.push(contender);
        return contender;
      };
      try {
        const pairs: Pair[] = [];
        for (const variant of variants) {
          const name = variant === 'bare' ? CONTROL : variant;
          pairs.push({ bare: await start('bare', 'bare'), contender: await start(name, variant) });
        }
        await warmUp(contenders);
        const ratios = await runPairs(pairs, rounds);
        for (const [index, each] of all.entries()) {
          const { cpu, perSecond, loopDelay } = (pairs[index] as Pair).contender;
          each.byProcess.push(ratios.get(each.variant) as number[]);
          each.cpu.push(...cpu);
          each.perSecond.push(...perSecond);
          each.loopDelay.push(...loopDelay);
        }
      } finally {
        stop(contenders);
      }
    }
    print(all);
    printTargets(all);
    process.stdout.write(`  at the end ${formatLoad()}\n`);
  } finally {
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
    await warmUp(contenders);
    for (let round = 0; round < rounds; round += 1)
      for (const contender of rotate(contenders, round)) await runSlice(contender, A_B_REQUESTS);
  } finally {
    stop(contenders);
  }
  const [bare, unchanged, ...changed] = contenders;
  if (bare === undefined || unchanged === undefined) return;
  const share = unchanged.cpu.map((cpu, round) => cpu - (bare.cpu[round] ?? Number.NaN));
  process.stdout.write(
    `A/B on Express 5, POST of 844 bytes, ${rounds} rounds of ${A_B_REQUESTS} requests, ${formatLoad()}: bare ${median(bare.cpu).toFixed(1)} µs, ` +
      `unchanged ${median(unchanged.cpu).toFixed(1)} µs, so the middleware takes ${median(share).toFixed(1)} µs\n` +
      `More CPU than unchanged, in percent of the middleware; hand-written code stays above +${MIN_SAVING_PERCENT} %:\n`,
  );
  for (const { name, cpu } of changed) {
    const differences = cpu.map(
      (own, round) => (100 * (own - (unchanged.cpu[round] ?? Number.NaN))) / median(share),
    );
    process.stdout.write(`  ${name.padEnd(44)} ${formatSpread(differences, formatPercent)}\n`);
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
