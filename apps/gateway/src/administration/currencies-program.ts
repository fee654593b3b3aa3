import { toDecimal } from '@cpg/protocol';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { inTransaction } from '../database/transactions.ts';
import { isDestinationAddress } from '../ledger/addresses.ts';
import {
  type CurrencyId,
  changeCurrency,
  hasCurrency,
  listAllCurrencies,
  seedCurrencies,
  setCurrencyAccess,
} from '../ledger/currencies.ts';
import { findNetwork } from '../ledger/networks.ts';
import { isPercentage } from '../operator-input.ts';
import {
  assertAccountExists,
  parseAccountId,
  parseAmount,
  parseCurrencyId,
  parseName,
  parseWholeNumber,
} from './arguments.ts';
import type { ProgramOptions, ProgramServices } from './run-program.ts';

const MAX_DECIMALS = 18;
const LIST = 'npm run gateway:currencies -- list shows the currencies';

const formatAmount = (amount: string): string => toDecimal(amount).toFixed();

const parsePercent = (text: string): string => {
  if (isPercentage(text)) return text;
  throw new InvalidArgumentError('Expected a percentage such as 0.5, with at most 6 places.');
};

const parseSwitch = (text: string): boolean => {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new InvalidArgumentError('Expected on or off.');
};

interface Terms {
  readonly minDeposit?: string;
  readonly minWithdrawal?: string;
  readonly feeFlat?: string;
  readonly feePercent?: string;
}

const addTerms = (command: Command): Command =>
  command
    .option('--min-deposit <amount>', 'smallest deposit, for information', parseAmount)
    .option('--min-withdrawal <amount>', 'smallest withdrawal', parseAmount)
    .option('--fee-flat <amount>', 'fee of each withdrawal', parseAmount)
    .option('--fee-percent <percent>', 'fee in percent of the amount: 1 is 1 %', parsePercent);

/** The columns that were given. */
const toColumns = ({ minDeposit, minWithdrawal, feeFlat, feePercent }: Terms) => ({
  ...(minDeposit === undefined ? {} : { min_deposit_amount: minDeposit }),
  ...(minWithdrawal === undefined ? {} : { min_withdrawal_amount: minWithdrawal }),
  ...(feeFlat === undefined ? {} : { withdrawal_fee_flat: feeFlat }),
  ...(feePercent === undefined ? {} : { withdrawal_fee_percent: feePercent }),
});

const FREE = {
  min_deposit_amount: '0',
  min_withdrawal_amount: '0',
  withdrawal_fee_flat: '0',
  withdrawal_fee_percent: '0',
};

const assertCurrencyExists = async ({ db }: ProgramServices, id: CurrencyId): Promise<void> => {
  if (!(await hasCurrency(db, id))) throw new Error(`No currency ${id.currency}/${id.network}. Fix: ${LIST}`);
};

/**
 * The command line of `npm run gateway:currencies`.
 *
 * @throws Error when a command fails, CommanderError when its arguments are invalid.
 */
export const currenciesProgram = ({ open, print }: ProgramOptions): Command => {
  const program = new Command('gateway:currencies').description('Add, change and list currencies');
  const currency = () => new Argument('<currency/network>', 'such as USDT/ETH').argParser(parseCurrencyId);

  addTerms(program.command('add'))
    .description('add a currency; accounts created later can use it')
    .addArgument(currency())
    .requiredOption('--name <name>', 'its name', parseName)
    .requiredOption('--decimals <places>', 'decimal places of its amounts', parseWholeNumber(0, MAX_DECIMALS))
    .option('--contract <address>', 'contract of the token; the coin of the network has none')
    .action(
      async (id: CurrencyId, options: Terms & { name: string; decimals: number; contract?: string }) => {
        const { db } = await open();
        await seedCurrencies(db);
        const network = await findNetwork(db, id.network);
        if (network === undefined) throw new Error(`No network ${id.network}. Fix: ${LIST}`);
        const { name, decimals, contract = null } = options;
        if (contract !== null && !isDestinationAddress(network.address_family, contract))
          throw new Error(`${contract} is not an address of ${id.network}. Fix: check its spelling`);
        const row = { ...id, name, decimals, is_token: contract !== null, contract_address: contract };
        const added = await db
          .insertInto('currency')
          .values({ ...row, ...FREE, ...toColumns(options), active: true })
          .onConflict((conflict) => conflict.doNothing())
          .returning('currency')
          .executeTakeFirst();
        if (added === undefined)
          throw new Error(`${id.currency}/${id.network} already exists. Fix: change it with set`);
        print(`${id.currency}/${id.network} is added.\n`);
      },
    );

  addTerms(program.command('set'))
    .description('change the terms of a currency, or turn it off for all accounts')
    .addArgument(currency())
    .addOption(new Option('--active <on|off>', 'off: no account can use it').argParser(parseSwitch))
    .action(async (id: CurrencyId, { active, ...terms }: Terms & { readonly active?: boolean }) => {
      const columns = { ...toColumns(terms), ...(active === undefined ? {} : { active }) };
      if (Object.keys(columns).length === 0) throw new Error('Nothing to change. Fix: see set --help');
      const services = await open();
      await assertCurrencyExists(services, id);
      await changeCurrency(services.db, id, columns);
      print(`${id.currency}/${id.network} is changed.\n`);
    });

  program
    .command('enable')
    .description('let an account use a currency; off leaves its balance as it is')
    .addArgument(currency())
    .requiredOption('--account <id>', 'the account', parseAccountId)
    .option('--deposits <on|off>', 'deposits', parseSwitch, true)
    .option('--withdrawals <on|off>', 'withdrawals', parseSwitch, true)
    .action(async (id: CurrencyId, options: { account: string; deposits: boolean; withdrawals: boolean }) => {
      const services = await open();
      const { account: accountId, deposits: deposit_enabled, withdrawals: withdrawal_enabled } = options;
      await assertCurrencyExists(services, id);
      await assertAccountExists(
        services.db,
        accountId,
        'npm run gateway:accounts -- list shows the accounts',
      );
      await inTransaction(services.db, (transaction) =>
        setCurrencyAccess(transaction, { accountId, ...id }, { deposit_enabled, withdrawal_enabled }),
      );
      const [deposits, withdrawals] = [deposit_enabled, withdrawal_enabled].map((is) => (is ? 'on' : 'off'));
      print(`${accountId}: ${id.currency}/${id.network} deposits ${deposits}, withdrawals ${withdrawals}.\n`);
    });

  program
    .command('list')
    .description('list all currencies')
    .action(async () => {
      const { db } = await open();
      await seedCurrencies(db);
      const rows = await listAllCurrencies(db);
      for (const row of rows) {
        const { withdrawal_fee_flat: flat, withdrawal_fee_percent: percent } = row;
        const terms = `minimum ${formatAmount(row.min_withdrawal_amount)}  fee ${formatAmount(flat)} + ${formatAmount(percent)} %`;
        print(
          `${row.currency}/${row.network}  ${row.name}  ${row.decimals} decimals  ${terms}  ${row.active ? 'active' : 'off'}\n`,
        );
      }
    });

  return program;
};
