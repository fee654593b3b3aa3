import type { Balance, endpoints, QueryOf, Transaction } from '@cpg/protocol';
import type { Command } from 'commander';
import { type CommandContext, formatJson, withClient } from './context.ts';
import { type Column, formatTable, UsageError } from './terminal.ts';

/** `cpg ping` */
export const addPing = (program: Command, context: CommandContext): void => {
  program
    .command('ping')
    .description('check key, secret and clock')
    .action(() =>
      withClient(context, async (client) => {
        const { response } = await client.ping().withResponse();
        const offset = client.clockOffsetMs / 1000;
        const clock =
          offset === 0
            ? ''
            : ` The gateway's clock is ${Math.abs(offset)} s ${offset > 0 ? 'ahead' : 'behind'}.`;
        context.terminal.print(
          `pong (${response.attempts === 1 ? '1 attempt' : `${response.attempts} attempts`}).${clock}`,
        );
      }),
    );
};

const BALANCE_COLUMNS: readonly Column<Balance>[] = [
  { title: 'CURRENCY', value: ({ currency }) => currency },
  { title: 'NETWORK', value: ({ network }) => network },
  { title: 'BALANCE', value: ({ balance }) => balance, align: 'right' },
  { title: 'HELD', value: ({ held }) => held, align: 'right' },
  { title: 'AVAILABLE', value: ({ available }) => available, align: 'right' },
];

interface BalancesFlags {
  readonly currency?: string;
  readonly network?: string;
  readonly json?: true;
}

/** `cpg balances` */
export const addBalances = (program: Command, context: CommandContext): void => {
  program
    .command('balances')
    .description('list balances')
    .option('--currency <code>', 'only this currency')
    .option('--network <name>', 'only this network')
    .option('--json', 'print the response as JSON')
    .action(({ json, ...filters }: BalancesFlags) =>
      withClient(context, async (client) => {
        const envelope = await client.balances.list(filters);
        context.terminal.print(json ? formatJson(envelope) : formatTable(BALANCE_COLUMNS, envelope.data));
      }),
    );
};

interface WithdrawFlags {
  readonly currency: string;
  readonly network: string;
  readonly to: string;
  readonly amount: string;
  readonly reference?: string;
  readonly wait?: true;
  readonly yes?: true;
}

/** `cpg withdraw` */
export const addWithdraw = (program: Command, context: CommandContext): void => {
  program
    .command('withdraw')
    .description('create a withdrawal; the fee is charged in addition to the amount')
    .requiredOption('--currency <code>', 'e.g. USDT')
    .requiredOption('--network <name>', 'e.g. ETH')
    .requiredOption('--to <address>', 'destination address')
    .requiredOption('--amount <decimal>', 'e.g. 100.50')
    .option('--reference <text>', 'client_reference; repeating the command with it does not withdraw twice')
    .option('--wait', 'wait until the withdrawal is confirmed or failed')
    .option('--yes', 'do not ask for confirmation')
    .action((flags: WithdrawFlags) => withdraw(context, flags));
};

const withdraw = async (context: CommandContext, flags: WithdrawFlags): Promise<void> => {
  const { terminal } = context;
  const { currency, network, amount, to, reference } = flags;
  const question = `Send ${amount} ${currency} on ${network} to ${to}?`;
  const agreed = flags.yes ?? (await terminal.confirm(question));
  if (agreed === undefined) throw new UsageError('Not a terminal: pass --yes to confirm.');
  if (!agreed) return terminal.note('Nothing was sent.');
  await withClient(context, async (client) => {
    const { data, client_reference } = await client.withdrawals.create({
      currency,
      network,
      amount,
      to_address: to,
      client_reference: reference,
    });
    terminal.print(formatJson({ ...data, client_reference }));
    if (flags.wait)
      terminal.print(formatJson((await client.withdrawals.waitUntilFinal(data.withdrawal_id)).data));
  });
};

const TRANSACTION_COLUMNS: readonly Column<Transaction>[] = [
  { title: 'ID', value: ({ id }) => String(id), align: 'right' },
  { title: 'CREATED', value: ({ created_at }) => created_at },
  { title: 'DIRECTION', value: ({ direction }) => direction },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'AMOUNT', value: ({ amount_decimal }) => amount_decimal, align: 'right' },
  { title: 'CURRENCY', value: ({ currency }) => currency },
  { title: 'NETWORK', value: ({ network }) => network },
  { title: 'TX HASH', value: ({ tx_hash }) => tx_hash },
];

type TransactionsFlags = QueryOf<typeof endpoints.listTransactions> & {
  readonly all?: true;
  readonly json?: true;
};

const MAX_PAGE_ROWS = 200;

/** `cpg transactions` */
export const addTransactions = (program: Command, context: CommandContext): void => {
  const { terminal } = context;
  program
    .command('transactions')
    .description('list transactions, newest first')
    .option('--direction <name>', 'deposit, withdrawal, sweep or gas_topup')
    .option('--currency <code>', 'only this currency')
    .option('--network <name>', 'only this network')
    .option('--status <name>', 'only this status')
    .option('--limit <rows>', 'rows per page, 1 to 200')
    .option('--cursor <id>', 'only ids below this id')
    .option('--all', 'list all pages, with progress on standard error')
    .option('--json', 'print the rows as JSON')
    .action(({ all, json, ...query }: TransactionsFlags) =>
      withClient(context, async (client) => {
        const rows: Transaction[] = [];
        const call = client.transactions.list(all ? { limit: MAX_PAGE_ROWS, ...query } : query);
        for await (const page of call.pages()) {
          rows.push(...page.data);
          if (!all) {
            if (page.has_more) terminal.note(`More rows exist: pass --all or --cursor ${page.next_cursor}.`);
            break;
          }
          terminal.note(`${rows.length} transactions${page.has_more ? ' …' : ''}`);
        }
        terminal.print(json ? formatJson(rows) : formatTable(TRANSACTION_COLUMNS, rows));
      }),
    );
};
