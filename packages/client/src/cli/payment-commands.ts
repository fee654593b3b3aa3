import { randomUUID } from 'node:crypto';
import { toDecimal, type Withdrawal } from '@cpg/protocol';
import type { CpgClient } from '../client.ts';
import { CpgError } from '../errors.ts';
import {
  type CommandContext,
  type CommandHandler,
  type CommandResult,
  getCredentialSource,
  withClient,
} from './context.ts';
import { readCredentials } from './credentials.ts';
import { type Column, formatFields, formatTable, formatVisible } from './format.ts';
import { UsageError } from './terminal.ts';

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
export const withdraw: CommandHandler<WithdrawFlags> = (context, flags) => {
  const { terminal } = context;
  if (!flags.yes && !terminal.isInteractive) throw new UsageError('Not a terminal: pass --yes to confirm.');
  const { reference = randomUUID(), currency, network, amount, to } = flags;
  return withClient(context, async (client) => {
    if (!flags.yes && !(await confirm(context, client, { ...flags, reference }))) return NOTHING_SENT;
    // Before anything is sent: if this process is killed now, the reference tells whether money moved.
    terminal.note(
      `Reference ${formatVisible(reference)}: repeat the command with --reference ${quoteForShell(reference)} to learn the outcome. It does not withdraw twice.`,
    );
    const created = await client.withdrawals.create({
      ...{ currency, network, amount, to_address: to, client_reference: reference },
    });
    const { data, client_reference } = created;
    const result = { document: created, text: () => formatFields({ ...data, client_reference }) };
    if (!flags.wait) return result;
    context.keep(result);
    terminal.note(`Withdrawal ${data.withdrawal_id} is ${formatVisible(data.status)}; waiting …`);
    const final = await client.withdrawals.waitUntilFinal(data.withdrawal_id);
    return describeFinal({ ...final, client_reference });
  });
};

const NOTHING_SENT: CommandResult = {
  document: { data: null },
  text: () => '',
  failure: 'Nothing was sent.',
};

interface FinalWithdrawal {
  readonly data: Withdrawal;
  readonly client_reference?: string | null;
}

const describeFinal = ({ data, ...rest }: FinalWithdrawal): CommandResult => {
  const { id, status, error_message } = data;
  const reason = error_message === null ? '' : `: ${formatVisible(error_message)}`;
  return {
    document: { ...rest, data },
    text: () => formatFields({ ...data, client_reference: rest.client_reference }),
    failure: status === 'failed' ? `Withdrawal ${id} failed${reason}.` : undefined,
  };
};

const PLAIN = /^[A-Za-z0-9_.:/+=@-]+$/;

const quoteForShell = (text: string): string =>
  PLAIN.test(text) ? text : `'${formatVisible(text).replaceAll("'", "'\\''")}'`;

type WithdrawalToConfirm = WithdrawFlags & { readonly reference: string };

/** Shows what will happen, and asks. */
const confirm = async (
  context: CommandContext,
  client: CpgClient,
  withdrawal: WithdrawalToConfirm,
): Promise<boolean> => {
  const { terminal } = context;
  const { baseUrl, keyId } = readCredentials(getCredentialSource(context), ['baseUrl', 'keyId']);
  const { amount, currency, network, to, reference } = withdrawal;
  terminal.note(
    formatFields({
      send: `${amount} ${currency} on ${network}`,
      to,
      ...(await describeFee(client, withdrawal)),
      gateway: baseUrl,
      key: keyId,
      reference,
    }),
  );
  return /^y(?:es)?$/i.test((await terminal.ask('Send it? [y/N] '))?.trim() ?? '');
};

const describeFee = async (
  client: CpgClient,
  { amount, currency, network }: WithdrawalToConfirm,
): Promise<Readonly<Record<string, string>>> => {
  try {
    const { data } = await client.currencies.list({ maxRetries: 0 });
    const isSame = (left: string, right: string) => left.toUpperCase() === right.toUpperCase();
    const found = data.find((row) => isSame(row.currency, currency) && isSame(row.network, network));
    if (found === undefined) return { fee: `unknown: ${currency} on ${network} is not enabled` };
    const { withdrawal_fee_flat, withdrawal_fee_percent, decimals } = found;
    const sent = toDecimal(amount);
    // Wire protocol §4.6: rounded up to the currency's decimals.
    const fee = toDecimal(withdrawal_fee_flat)
      .plus(sent.times(toDecimal(withdrawal_fee_percent)).div(100))
      .toDecimalPlaces(decimals, ROUND_UP);
    return {
      fee: `${fee.toFixed(decimals)} ${found.currency}, charged in addition`,
      total: `${sent.plus(fee).toFixed(decimals)} ${found.currency}`,
    };
  } catch (error) {
    // The key may lack the permission list_currencies. An invalid amount is rejected by the call itself.
    return { fee: `unknown: ${CpgError.is(error) ? error.code : 'the amount is not a decimal number'}` };
  }
};

/** `Decimal.ROUND_UP`. */
const ROUND_UP = 0;

interface WaitFlags {
  readonly wait?: true;
}

/** `cpg withdrawal` */
export const withdrawal: CommandHandler<WaitFlags> = (context, { wait }, [id = '']) =>
  withClient(context, async (client) => {
    if (!wait) {
      const found = await client.withdrawals.get(id);
      return { document: found, text: () => formatFields(found.data) };
    }
    return describeFinal(await client.withdrawals.waitUntilFinal(id));
  });

interface DepositAddressFlags {
  readonly currency: string;
  readonly network: string;
  readonly user?: string;
  readonly reference?: string;
}

/** `cpg deposit-address` */
export const depositAddress: CommandHandler<DepositAddressFlags> = (context, flags) =>
  withClient(context, async (client) => {
    const { currency, network, user, reference = randomUUID() } = flags;
    context.terminal.note(`Reference ${formatVisible(reference)}`);
    const document = await client.depositAddresses.create({
      ...{ currency, network, idempotency_key: reference },
      ...(user === undefined ? {} : { user_identifier: user }),
    });
    const { data, idempotency_key } = document;
    return { document, text: () => formatFields({ ...data, idempotency_key }) };
  });

const PAYMENT_COLUMNS: readonly Column<DepositPayment>[] = [
  { title: 'DETECTED', value: ({ detected_at }) => detected_at },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'AMOUNT', value: ({ amount_decimal }) => amount_decimal, align: 'right' },
  { title: 'CONFIRMATIONS', value: ({ confirmations }) => String(confirmations), align: 'right' },
  { title: 'TX HASH', value: ({ tx_hash }) => tx_hash },
];

type DepositPayment = Awaited<
  ReturnType<CpgClient['depositRequests']['get']>
>['data']['transactions'][number];

/** `cpg deposit-request` */
export const depositRequest: CommandHandler<WaitFlags> = (context, { wait }, [id = '']) =>
  withClient(context, async (client) => {
    const { depositRequests } = client;
    const document = await (wait ? depositRequests.waitForDeposit(id) : depositRequests.get(id));
    const { transactions, ...fields } = document.data;
    const payments = () =>
      transactions.length === 0 ? [] : ['', formatTable(PAYMENT_COLUMNS, transactions)];
    return { document, text: () => [formatFields(fields), ...payments()].join('\n') };
  });
