import type { endpoints, QueryOf, Transaction } from '@cpg/protocol';
import type { Command } from 'commander';
import { type CommandContext, toJson, withClient } from '../context.ts';
import { type Column, formatTable } from '../format-table.ts';

const COLUMNS: readonly Column<Transaction>[] = [
  { title: 'ID', value: ({ id }) => String(id), align: 'right' },
  { title: 'CREATED', value: ({ created_at }) => created_at },
  { title: 'DIRECTION', value: ({ direction }) => direction },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'AMOUNT', value: ({ amount_decimal }) => amount_decimal, align: 'right' },
  { title: 'CURRENCY', value: ({ currency }) => currency },
  { title: 'NETWORK', value: ({ network }) => network },
  { title: 'TX HASH', value: ({ tx_hash }) => tx_hash },
];

type Flags = QueryOf<typeof endpoints.listTransactions> & { readonly all?: true; readonly json?: true };

const LARGEST_PAGE = 200;

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
    .option('--limit <rows>', 'rows of a page, 1 to 200')
    .option('--cursor <id>', 'only ids below this one')
    .option('--all', 'every page, with progress on standard error')
    .option('--json', 'print the rows as JSON')
    .action(({ all, json, ...query }: Flags) =>
      withClient(context, async (client) => {
        const rows: Transaction[] = [];
        const call = client.transactions.list(all ? { limit: LARGEST_PAGE, ...query } : query);
        for await (const page of call.pages()) {
          rows.push(...page.data);
          if (!all) {
            if (page.has_more) terminal.note(`There are more: --all, or --cursor ${page.next_cursor}.`);
            break;
          }
          terminal.note(`${rows.length} transactions${page.has_more ? ' …' : ''}`);
        }
        terminal.print(json ? toJson(rows) : formatTable(COLUMNS, rows));
      }),
    );
};
