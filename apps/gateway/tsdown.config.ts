import { application } from '@cpg/build';

export default application({
  main: 'src/main.ts',
  accounts: 'src/accounts.ts',
  audit: 'src/audit.ts',
  currencies: 'src/currencies.ts',
  keys: 'src/keys.ts',
  webhooks: 'src/webhooks.ts',
});
