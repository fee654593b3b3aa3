import { library } from '@cpg/build';
import type { UserConfig } from 'tsdown';

const config: UserConfig = {
  ...library(
    {
      index: 'src/index.ts',
      'inbox-postgres': 'src/webhooks/postgres-inbox.ts',
      'inbox-redis': 'src/webhooks/redis-inbox.ts',
      testing: 'src/testing/index.ts',
      cli: 'src/cli/main.ts',
    },
    // The command line needs errors only to show its help. A program that only signs requests of its own HTTP client
    // needs no endpoints. Both do without zod.
    {
      errors: /\/src\/(?:errors|platform)\./,
      signing: /\/src\/(?:adapters|signing|transport)\/|\/src\/(?:guards|time)\./,
    },
  ),
  // `Symbol.dispose`, which the default library of TypeScript lacks.
  banner: { dts: '/// <reference lib="esnext.disposable" />' },
};
export default config;
