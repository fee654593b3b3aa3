import { Argument, Command } from 'commander';
import { inTransaction } from '../database/transactions.ts';
import { createAccount, isDemoAccount, listAccounts } from '../ledger/accounts.ts';
import { seedCurrencies } from '../ledger/currencies.ts';
import { assertAccountExists, parseAccountId, parseName } from './arguments.ts';
import type { ProgramOptions } from './run-program.ts';

const LIST = 'npm run gateway:accounts -- list shows the accounts';

/**
 * The command line of `npm run gateway:accounts`.
 *
 * @throws Error when a command fails, CommanderError when its arguments are invalid.
 */
export const accountsProgram = ({ open, print }: ProgramOptions): Command => {
  const program = new Command('gateway:accounts').description('Create, rename and list accounts');
  const account = () => new Argument('<account>', 'id of the account').argParser(parseAccountId);

  program
    .command('create')
    .description('create an account with every active currency')
    .addArgument(account())
    .option('--name <name>', 'its name; the id by default', parseName)
    .action(async (id: string, { name = id }: { readonly name?: string }) => {
      // Demo keys are published: only the sandbox may serve a database that contains demo accounts.
      if (isDemoAccount(id))
        throw new Error(`Account ${id} is reserved for the sandbox. Fix: choose another id`);
      const { db } = await open();
      await inTransaction(db, async (transaction) => {
        await seedCurrencies(transaction);
        if (!(await createAccount(transaction, { id, name })))
          throw new Error(`Account ${id} already exists. Fix: choose another id`);
      });
      print(`${id} is created. Create a key: npm run gateway:keys -- create --account ${id}\n`);
    });

  program
    .command('rename')
    .description('change the name of an account')
    .addArgument(account())
    .argument('<name>', 'its new name', parseName)
    .action(async (id: string, name: string) => {
      const { db } = await open();
      await assertAccountExists(db, id, LIST);
      await db.updateTable('account').set({ name }).where('id', '=', id).execute();
      print(`${id} is called ${name}.\n`);
    });

  program
    .command('list')
    .description('list all accounts')
    .action(async () => {
      const { db } = await open();
      const rows = await listAccounts(db);
      for (const { id, name, keys, webhooks } of rows)
        print(`${id}  ${name}  ${keys} active key(s)  ${webhooks} webhook(s)\n`);
    });

  return program;
};
