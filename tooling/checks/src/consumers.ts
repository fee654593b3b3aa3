/**
 * `node src/consumers.ts <name>`: installs the packed packages with plain npm in a project outside the workspace, as their users do,
 * and uses them there.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY_ROOT } from './program.ts';

type Command = readonly string[];

interface Consumer {
  /** The folder that is copied; its `package.json`, if any, names further dependencies. */
  readonly project?: string;
  readonly packages: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Adds generated files. */
  prepare?(folder: string): void;
  readonly commands: readonly Command[];
  /** What every command must print. */
  readonly prints?: RegExp;
}

const LIBRARIES = ['packages/protocol', 'packages/client', 'packages/server-middleware'];
const CONSUMERS = 'tooling/checks/consumers';
const GENERATORS = 'packages/protocol/generators';

/** The oldest Node.js that we support, then newer ones. */
const NODE_VERSIONS = ['node@20.19.0', 'node@20', 'node@22', 'node@24', 'node@26'];
const [OLDEST_NODE = ''] = NODE_VERSIONS;
const BUN = 'bun@1.4.5';
const DENO = 'deno@2.9.6';

/** The runtimes, each with what makes it print where its program is. */
const RUNTIMES: ReadonlyMap<string, Command> = new Map<string, Command>([
  ...NODE_VERSIONS.map((node) => [node, ['--print', 'process.execPath']] as const),
  [BUN, ['--print', 'process.execPath']],
  [DENO, ['eval', 'console.log(Deno.execPath())']],
]);

/** Where the programs of the runtimes are: `npx` takes a second of processor time to find one. */
const PROGRAMS = join(REPOSITORY_ROOT, 'tooling/checks/node_modules/.cache/runtimes.json');

/** Runs a program on a runtime that `versions` has installed. */
const runOn = (runtime: string, ...parameters: Command): Command => [runtime, ...parameters];

const TSC = ['node', 'node_modules/typescript/bin/tsc'];

const STRICT = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];

const compile = (resolution: string, module: string, file = 'types.ts'): Command => [
  ...[...TSC, ...STRICT, '--target', 'es2023', '--lib', 'es2023'],
  ...['--module', module, '--moduleResolution', resolution, file],
];

const addSharedProgram = (folder: string): void => {
  for (const name of ['use.ts', 'raw-body']) {
    cpSync(join(REPOSITORY_ROOT, CONSUMERS, name), join(folder, name), { recursive: true });
  }
};

/** Compiles `plain.ts` with one of the versions of TypeScript that `types-plain` installs. */
const compilePlain = (version: string, ...options: Command): Command => [
  ...['node', `node_modules/typescript-${version}/bin/tsc`, ...STRICT, ...options],
  'plain.ts',
];

/** Compiles `service.ts` too, for which Hono needs TypeScript 5.7. */
const compileService = (version: string, ...options: Command): Command => [
  ...compilePlain(version, ...options),
  'service.ts',
];

const NODE10 = [
  '--module',
  'commonjs',
  '--moduleResolution',
  'node10',
  '--esModuleInterop',
  '--target',
  'es2022',
];

/** Users' own declarations of `rawBody` on Express's request, each in a program of its own. */
const RAW_BODY = ['raw-body/optional.ts', 'raw-body/required.ts'].map((file) =>
  compile('nodenext', 'nodenext', file),
);

/** Writes the vector runner as plain JavaScript: Node 20 does not read TypeScript. */
const addVectorRunner = (folder: string): void => {
  for (const name of ['main', 'run-vectors']) {
    const source = readFileSync(join(REPOSITORY_ROOT, GENERATORS, `${name}.ts`), 'utf8');
    const plain = stripTypeScriptTypes(source).replace(/(from '\.\/[a-z-]+)\.ts'/g, "$1.mjs'");
    writeFileSync(join(folder, `${name}.mjs`), plain);
  }
};

const useLibraries = (name: string, ...commands: readonly Command[]): Consumer => ({
  project: `${CONSUMERS}/${name}`,
  packages: LIBRARIES,
  prepare: addSharedProgram,
  commands,
});

/** A project that uses the client with a version of zod. */
const useClient = (zod: string, ...commands: readonly Command[]): Consumer => ({
  project: 'packages/client/consumers',
  packages: ['packages/protocol', 'packages/client'],
  dependencies: { axios: '^1.18.0', zod, typescript: '^5.9.0', '@types/node': '^20.0.0' },
  commands: [compile('nodenext', 'nodenext'), compile('bundler', 'esnext'), ...commands],
});

const ALL: Readonly<Record<string, Consumer>> = {
  esm: useLibraries(
    'esm',
    ['node', 'use.mjs'],
    ['npx', 'cpg-doctor', '--version'],
    ...NODE_VERSIONS.map((node) => runOn(node, 'read-again.mjs')),
  ),
  cjs: useLibraries('cjs', ['node', 'use.cjs']),
  'types-nodenext': useLibraries('types-nodenext', TSC, ['node', 'use.js'], ...RAW_BODY),
  'types-express4': useLibraries('types-express4', TSC, ['node', 'use.js'], ...RAW_BODY),
  'types-bundler': useLibraries('types-bundler', TSC),
  core: useLibraries('core', ['node', 'use.mjs']),
  client: useClient(
    '^4.0.0',
    ['npx', 'cpg', '--version'],
    ['npx', 'cpg', '--help'],
    ...[OLDEST_NODE, 'node@22', 'node@24'].flatMap((node) => [
      runOn(node, 'smoke.mjs'),
      runOn(node, 'smoke.cjs'),
    ]),
  ),
  // The oldest TypeScript that zod 4 supports, and the newer majors; TypeScript 7 with the options that it has by default.
  'types-plain': {
    project: `${CONSUMERS}/types-plain`,
    packages: LIBRARIES,
    dependencies: {
      hono: '^4.0.0',
      zod: '^4.0.0',
      'typescript-5': 'npm:typescript@~5.5.0',
      'typescript-6': 'npm:typescript@^6.0.0',
      'typescript-7': 'npm:typescript@^7.0.0',
    },
    commands: [
      compileService('7'),
      ...['5', '6', '7'].flatMap((version) => {
        const compileFiles = version === '5' ? compilePlain : compileService;
        return [
          compileFiles(version, '--module', 'nodenext', '--target', 'es2022'),
          compileFiles(version, '--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022'),
        ];
      }),
      compilePlain('5', ...NODE10),
      compilePlain('6', ...NODE10, '--ignoreDeprecations', '6.0'),
    ],
  },
  // The zod that is 3 under its own name and 4 under `zod/v4`.
  zod3: useClient('~3.25.76', ['node', 'smoke.mjs'], ['node', 'smoke.cjs']),
  // The packed protocol passes the vectors that it carries.
  vectors: {
    packages: ['packages/protocol'],
    prepare: addVectorRunner,
    commands: [
      ...NODE_VERSIONS.map((node) => runOn(node, 'main.mjs')),
      runOn(BUN, 'run', 'main.mjs'),
      runOn(DENO, 'run', '--allow-all', 'main.mjs'),
    ],
    prints: /^signing [1-9]\d*, verification [1-9]\d*, webhooks [1-9]\d*$/m,
  },
  // Without axios: the client sends with fetch, the middleware serves Web-standard requests, and the protocol runs in a browser.
  runtimes: {
    project: `${CONSUMERS}/runtimes`,
    packages: LIBRARIES,
    commands: [
      ...NODE_VERSIONS.map((node) => runOn(node, 'server-runtime.mjs')),
      runOn(BUN, 'run', 'server-runtime.mjs'),
      runOn(DENO, 'run', '--allow-all', 'server-runtime.mjs'),
      ['node', 'run-worker.mjs'],
      ['node', 'run-browser.mjs'],
    ],
    prints: /^ok: /m,
  },
  conformance: {
    project: `${CONSUMERS}/conformance`,
    packages: ['packages/protocol', 'apps/conformance'],
    commands: [['npx', '@cpg/conformance', 'vectors', '--self'], runOn(OLDEST_NODE, 'use.mjs')],
  },
};

// The programs of pnpm set NODE_PATH, through which a project would find packages that it did not install.
const { NODE_PATH: _, ...environment } = process.env;

/** Runs a command and returns its output; throws with it when it fails or does not print what it must. */
const run = ([program = '', ...parameters]: Command, cwd: string, prints = /^/): string => {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, {
    cwd,
    env: environment,
    encoding: 'utf8',
  });
  const command = [program, ...parameters].join(' ');
  if (status !== 0) throw new Error(`${command} ended with ${status ?? error}:\n${stdout}${stderr}`);
  if (!prints.test(stdout)) throw new Error(`${command}: expected ${prints}, got:\n${stdout}`);
  return stdout;
};

interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const readManifest = (folder: string): Manifest => {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return {};
  }
};

const install = (consumer: Consumer, folder: string): void => {
  if (consumer.project !== undefined)
    cpSync(join(REPOSITORY_ROOT, consumer.project), folder, { recursive: true });
  consumer.prepare?.(folder);
  const packed = consumer.packages.map((path) => {
    const source = join(REPOSITORY_ROOT, path);
    return [readManifest(source).name, `file:${join(source, 'package.tgz')}`];
  });
  const own = readManifest(folder);
  const dependencies = { ...own.dependencies, ...consumer.dependencies, ...Object.fromEntries(packed) };
  const manifest = { private: true, type: 'module', ...own, dependencies };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const options = ['--no-audit', '--no-fund', '--prefer-offline'];
  run(['npm', 'install', ...options], folder);
};

/** Installs the runtimes for the consumers that depend on this: npx must not install one of them twice at the same time. */
const installRuntimes = (): void => {
  const programs = [...RUNTIMES].map(([runtime, parameters]) => {
    const program = run(['npx', '-y', '--prefer-offline', runtime, ...parameters], REPOSITORY_ROOT).trim();
    process.stdout.write(`ok  ${runtime}  ${run([program, '--version'], REPOSITORY_ROOT).trim()}\n`);
    return [runtime, program];
  });
  mkdirSync(dirname(PROGRAMS), { recursive: true });
  writeFileSync(PROGRAMS, JSON.stringify(Object.fromEntries(programs)));
};

/** The command with the program of a runtime in place of its name. */
const locate = ([runtime = '', ...parameters]: Command): Command => {
  if (!RUNTIMES.has(runtime)) return [runtime, ...parameters];
  const programs = JSON.parse(readFileSync(PROGRAMS, 'utf8')) as Readonly<Record<string, string>>;
  return [programs[runtime] ?? '', ...parameters];
};

const runConsumer = (name: string): void => {
  const consumer = ALL[name];
  if (consumer === undefined)
    throw new Error(`Expected versions or one of ${Object.keys(ALL).join(', ')}: got "${name}".`);
  const folder = mkdtempSync(join(tmpdir(), `cpg-consumer-${name}-`));
  try {
    install(consumer, folder);
    for (const command of consumer.commands) {
      const start = performance.now();
      run(locate(command), folder, consumer.prints);
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      process.stdout.write(`ok  ${command.join(' ')}  ${seconds} s\n`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const name = process.argv[2] ?? '';
if (name === 'versions') installRuntimes();
else runConsumer(name);
