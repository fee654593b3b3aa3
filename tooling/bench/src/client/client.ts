import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
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

/** In an order that changes, so that all contenders meet the same load, and the garbage of each other. */
const shuffle = <Item>(items: readonly Item[]): readonly Item[] =>
  items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((left, right) => left.place - right.place)
    .map(({ item }) => item);

const row = (...cells: readonly (string | number)[]): void =>
  void process.stdout.write(`| ${cells.join(' | ')} |\n`);

const startServer = async (): Promise<{ readonly server: ChildProcess; readonly port: number }> => {
  const server = fork(fileURLToPath(new URL('server-program.ts', import.meta.url)));
  const [port] = (await once(server, 'message')) as [number];
  return { server, port };
};

/** CPU per call of the client beside other SDKs and code by hand, all against one server in its own process. */
const benchCalls = async (): Promise<void> => {
  const { server, port } = await startServer();
  const contenders = Object.entries(createContenders(port));
  const figures = new Map<string, number[]>(contenders.map(([name]) => [name, []]));
  for (const [, call] of contenders) await makeCalls(call, 0, WARM_UP_CALLS);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, call] of shuffle(contenders)) {
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

const COMMAND_ROUNDS = 20;
const CPU_AT_EXIT = `data:text/javascript,${encodeURIComponent(`import { writeSync } from 'node:fs';
  process.on('exit', () => writeSync(2, JSON.stringify(process.cpuUsage())));`)}`;

/** A program that is started with arguments of `node`. */
interface StartedProgram {
  readonly name: string;
  readonly argv: readonly string[];
  readonly cpu: number[];
  readonly wall: number[];
}

/** Starts a program, waits for its end, and adds its milliseconds of CPU and of wall clock. */
const measureStart = async ({ argv, cpu, wall }: StartedProgram, env: NodeJS.ProcessEnv): Promise<void> => {
  const start = performance.now();
  const child = spawn(process.execPath, ['--import', CPU_AT_EXIT, ...argv], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [printed, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`node ${argv.join(' ')} ended with ${code}: ${printed}`);
  wall.push(performance.now() - start);
  const { user, system } = JSON.parse(printed) as NodeJS.CpuUsage;
  cpu.push((user + system) / 1_000);
};

/** CPU and wall clock that commands take from start to end, beside Node.js itself. */
export const benchCommands = async (): Promise<void> => {
  const { server, port } = await startServer();
  const manifest = createRequire(import.meta.url).resolve('@cpg/client/package.json');
  const cpg = join(manifest, '../dist/cli/cpg.js');
  const baseUrl = `http://127.0.0.1:${port}`;
  const fetching = `fetch('${baseUrl}/v1/_ping').then((response) => response.text())`;
  const programs = Object.entries({
    'node -e 0': ['-e', '0'],
    'node -e fetch(…)': ['-e', fetching],
    'cpg --version': [cpg, '--version'],
    'cpg --help': [cpg, '--help'],
    'cpg completion bash': [cpg, 'completion', 'bash'],
    'cpg sign GET /v1/ping': [cpg, 'sign', 'GET', '/v1/ping'],
    'cpg balances': [cpg, 'balances'],
  }).map(([name, argv]): StartedProgram => ({ name, argv, cpu: [], wall: [] }));
  const env = { CPG_BASE_URL: baseUrl, CPG_KEY_ID: 'ck_demo', CPG_SECRET: 'cpg-example-secret' };
  for (let round = 0; round < COMMAND_ROUNDS; round += 1) {
    for (const program of programs) await measureStart(program, env);
  }
  server.disconnect();
  const milliseconds = (values: readonly number[]): string => `${median(values).toFixed(0)} ms`;
  process.stdout.write('\n');
  row('command', 'CPU', 'wall clock');
  row('---', '---', '---');
  for (const { name, cpu, wall } of programs) row(name, milliseconds(cpu), milliseconds(wall));
  const [{ cpu = [], wall = [] } = {}] = programs;
  row(
    'limit: 1.5 × node -e 0 + 60 ms',
    ...[cpu, wall].map((own) => `${(1.5 * median(own) + 60).toFixed(0)} ms`),
  );
};

/** The client beside stripe-node, openai, axios and undici with hand-written signing. */
export const benchClient = async (): Promise<void> => {
  await benchCalls();
  benchImports();
  // The contenders keep connections open.
  process.exitCode = 0;
};
