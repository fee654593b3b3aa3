import type { Command } from 'commander';
import { type CommandContext, toJson, withClient } from '../context.ts';
import { UsageError } from '../usage-error.ts';

interface Flags {
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
    .description('send money out; the fee comes on top')
    .requiredOption('--currency <code>', 'e.g. USDT')
    .requiredOption('--network <name>', 'e.g. ETH')
    .requiredOption('--to <address>', 'destination address')
    .requiredOption('--amount <decimal>', 'e.g. 100.50')
    .option('--reference <text>', 'client_reference: a repeat with the same one is the same withdrawal')
    .option('--wait', 'wait until it is confirmed or has failed')
    .option('--yes', 'do not ask')
    .action((flags: Flags) => withdraw(context, flags));
};

const withdraw = async (context: CommandContext, flags: Flags): Promise<void> => {
  const { terminal } = context;
  const { currency, network, amount, to, reference } = flags;
  const question = `Send ${amount} ${currency} on ${network} to ${to}?`;
  const agreed = flags.yes ?? (await terminal.confirm(question));
  if (agreed === undefined) throw new UsageError('Nobody is there to confirm: pass --yes.');
  if (!agreed) return terminal.note('Nothing was sent.');
  await withClient(context, async (client) => {
    const { data, client_reference } = await client.withdrawals.create({
      currency,
      network,
      amount,
      to_address: to,
      client_reference: reference,
    });
    terminal.print(toJson({ ...data, client_reference }));
    if (flags.wait)
      terminal.print(toJson((await client.withdrawals.waitUntilFinal(data.withdrawal_id)).data));
  });
};
