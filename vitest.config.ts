import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import LongFilesFirst from './tooling/test-support/src/long-files-first.ts';

const packages = ['packages', 'apps', 'tooling'].flatMap((folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ name: entry.name, root: `${folder}/${entry.name}` })),
);

// Runs once before the first test of a project.
const getGlobalSetup = (name: string) => `tooling/test-support/src/${name}/global-setup.ts`;

// The files of these projects share the modules of a worker, because loading them for each file takes longer than most tests.
// The tests of other projects mock modules, expect warnings that appear once in a process, or open many databases.
const SHARING_MODULES = ['protocol', 'client', 'conformance', 'server-middleware'];

const everything = { lines: 100, branches: 100 };

export default defineConfig({
  // Tests read the sources of other packages, never a stale build.
  resolve: { conditions: ['@cpg/source', 'node'] },
  ssr: { resolve: { conditions: ['@cpg/source', 'node'] } },
  test: {
    projects: packages.map(({ name, root }) => ({
      extends: true,
      root,
      test: {
        name,
        include: ['**/*.test.ts'],
        exclude: ['**/node_modules/**', '**/dist/**'],
        isolate: !SHARING_MODULES.includes(name),
        globalSetup: existsSync(getGlobalSetup(name))
          ? [join(import.meta.dirname, getGlobalSetup(name))]
          : [],
      },
    })),
    sequence: { sequencer: LongFilesFirst },
    reporters: ['default', './tooling/test-support/src/count-reporter.ts'],
    // Many tests wait for programs that they started, so one worker more than cores keeps the cores busy.
    maxWorkers: availableParallelism() + 1,
    // Tests start many programs from the same sources.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compile') },
    // Guards against a hang, not measurements: databases and other programs start slowly on a busy machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    coverage: {
      provider: 'v8',
      // Paths are relative to the root of a single selected project, otherwise to this folder: patterns match both.
      include: ['**/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/index.ts', 'apps/**', 'tooling/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { 'packages/protocol/src/**': everything, 'packages/server-middleware/src/**': everything },
    },
  },
});
