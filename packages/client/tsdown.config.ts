import { application, library } from '@cpg/build';
import type { UserConfig } from 'tsdown';

const entryPoints: UserConfig = {
  ...library(
    {
      index: 'src/index.ts',
      'inbox-postgres': 'src/webhooks/postgres-inbox.ts',
      'inbox-redis': 'src/webhooks/redis-inbox.ts',
      testing: 'src/testing/index.ts',
    },
    // A program that only signs requests of its own HTTP client needs no endpoints, and does without zod.
    {
      errors: /\/src\/(?:errors|platform)\./,
      signing: /\/src\/(?:adapters|signing|transport)\/|\/src\/(?:guards|time)\./,
      inbox: /\/src\/webhooks\/inbox\./,
      client:
        /\/src\/(?:call|resources)\/|\/src\/client\.|\/src\/webhooks\/(?:exchange|raw-body|verify-webhook|webhook-receiver)\./,
    },
  ),
  // `Symbol.dispose`, which the default library of TypeScript lacks.
  banner: { dts: '/// <reference lib="esnext.disposable" />' },
};

/** Their licences are packed too. */
const BUNDLED = ['zod', 'decimal.js'];

/**
 * The command line, with what it uses of its dependencies: Node.js loads zod with fifty locales, which takes longer than
 * its own start, and a bundler drops them.
 */
const commandLine: UserConfig = {
  ...application({ cpg: 'src/cli/main.ts' }),
  outDir: 'dist/cli',
  deps: {
    alwaysBundle: [/^@cpg\/protocol/, /^zod\//, 'decimal.js'],
    onlyBundle: ['@cpg/protocol', ...BUNDLED],
  },
  copy: BUNDLED.map((name) => ({
    from: `../protocol/node_modules/${name}/LICEN[CS]E*`,
    rename: `${name}.license`,
  })),
};

export default [entryPoints, commandLine];
