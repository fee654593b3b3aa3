import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const packages = ['packages', 'apps', 'tooling'].flatMap((folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ name: entry.name, root: `${folder}/${entry.name}` })),
);

const everything = { lines: 100, branches: 100 };

export default defineConfig({
  // Tests read the sources of sibling packages, so that no stale build can pass for them.
  resolve: { conditions: ['@cpg/source', 'node'] },
  ssr: { resolve: { conditions: ['@cpg/source', 'node'] } },
  test: {
    projects: packages.map(({ name, root }) => ({
      extends: true,
      root,
      test: { name, include: ['**/*.test.ts'], exclude: ['**/node_modules/**', '**/dist/**'] },
    })),
    reporters: ['default', './tooling/test-support/src/count-reporter.ts'],
    // Guards against a hang, not measurements: databases and other programs start slowly on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      // Paths are relative to the root of a single project, else to this folder: a pattern must hold for both.
      include: ['**/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/index.ts', 'apps/**', 'tooling/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { 'packages/protocol/src/**': everything, 'packages/server-middleware/src/**': everything },
    },
  },
});
