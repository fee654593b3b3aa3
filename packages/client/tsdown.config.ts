import { library } from '@cpg/build';

export default library({
  index: 'src/index.ts',
  'inbox-postgres': 'src/webhooks/postgres-inbox.ts',
  'inbox-redis': 'src/webhooks/redis-inbox.ts',
  testing: 'src/testing/index.ts',
  cli: 'src/cli/main.ts',
});
