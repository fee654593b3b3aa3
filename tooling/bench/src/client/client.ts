import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Call, createContenders } from './contenders.ts';

const ROUNDS = 15;
const CALLS = 400;
// With fewer, the figures are those of V8's compiler.
const WARM_UP_CALLS = 8_000;

const makeCalls = async (call: Call, start: number, count: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) await call(start + index);
};

/** CPU microseconds of this process for each call, one call after the other. */
const measure = async (call: Call, start: number): Promise<number> => {
  const before = process.cpuUsage();
  await makeCalls(call, start, CALLS);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
};

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

const row = (...cells: readonly (string | number)[]): void =>
  void process.stdout.write(`| ${cells.join(' | ')} |\n`);

/** CPU per call of the client beside other SDKs and code by hand, all against one server in its own process. */
const benchCalls = async (): Promise<void> => {
  const server = fork(fileURLToPath(new URL('server-program.ts', import.meta.url)));
  const [port] = (await once(server, 'message')) as [number];
  const contenders = Object.entries(createContenders(port));
  const figures = new Map<string, number[]>(contenders.map(([name]) => [name, []]));
  for (const [, call] of contenders) await makeCalls(call, 0, WARM_UP_CALLS);
  // Rounds alternate, so that all contenders meet the same load.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, call] of round % 2 === 0 ? contenders : contenders.toReversed()) {
      figures.get(name)?.push(await measure(call, WARM_UP_CALLS + round * CALLS));
    }
  }
  server.disconnect();
  const base = figures.get('undici.request by hand') ?? [];
  const fetched = figures.get('fetch by hand') ?? [];
  const ratio = (own: readonly number[], other: readonly number[]): string =>
    `${median(own.map((figure, index) => figure / (other[index] ?? Number.NaN))).toFixed(2)} ×`;
  row('client', 'CPU per call', 'of undici.request by hand', 'of fetch by hand');
  row('---', '---', '---', '---');
  for (const [name, own] of figures) {
    row(name, `${median(own).toFixed(0)} µs`, ratio(own, base), ratio(own, fetched));
  }
};

const IMPORTS = ['@cpg/client', 'stripe', 'openai', 'axios', 'undici'];
const PROGRAM = `
  const start = performance.now();
  await import(process.argv[1]);
  const ms = performance.now() - start;
  gc();
  console.log(JSON.stringify({ ms, heap: process.memoryUsage().heapUsed }));`;

/** Time and heap that the import of each package takes in a new process. */
const benchImports = (): void => {
  process.stdout.write('\n');
  row('package', 'import', 'heap afterwards');
  row('---', '---', '---');
  for (const name of IMPORTS) {
    const runs = Array.from({ length: 5 }, () => {
      const given = ['--expose-gc', '--input-type=module', '-e', PROGRAM, name];
      const options = { encoding: 'utf8', cwd: fileURLToPath(new URL('.', import.meta.url)) } as const;
      return JSON.parse(execFileSync(process.execPath, given, options)) as {
        readonly ms: number;
        readonly heap: number;
      };
    });
    const heap = median(runs.map((run) => run.heap)) / 1024 ** 2;
    row(name, `${median(runs.map(({ ms }) => ms)).toFixed(0)} ms`, `${heap.toFixed(1)} MiB`);
  }
};

/** The client beside stripe-node, openai, axios and undici with hand-written signing. */
export const benchClient = async (): Promise<void> => {
  await benchCalls();
  benchImports();
  // The contenders keep connections open.
  process.exitCode = 0;
};
