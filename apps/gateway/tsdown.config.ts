import { application } from '@cpg/build';

export default application({
  main: 'src/main.ts',
  accounts: 'src/accounts.ts',
  audit: 'src/audit.ts',
  currencies: 'src/currencies.ts',
  keys: 'src/keys.ts',
  'master-key': 'src/master-key.ts',
  webhooks: 'src/webhooks.ts',
});
