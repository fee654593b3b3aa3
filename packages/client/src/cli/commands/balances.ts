import type { Balance } from '@cpg/protocol';
import type { Command } from 'commander';
import { type CommandContext, toJson, withClient } from '../context.ts';
import { type Column, formatTable } from '../format-table.ts';

const COLUMNS: readonly Column<Balance>[] = [
  { title: 'CURRENCY', value: ({ currency }) => currency },
  { title: 'NETWORK', value: ({ network }) => network },
  { title: 'BALANCE', value: ({ balance }) => balance, align: 'right' },
  { title: 'HELD', value: ({ held }) => held, align: 'right' },
  { title: 'AVAILABLE', value: ({ available }) => available, align: 'right' },
];

interface Flags {
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
    .option('--json', 'print the answer as JSON')
    .action(({ json, ...filters }: Flags) =>
      withClient(context, async (client) => {
        const envelope = await client.balances.list(filters);
        context.terminal.print(json ? toJson(envelope) : formatTable(COLUMNS, envelope.data));
      }),
    );
};
