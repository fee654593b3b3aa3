import type { Balance, Currency, endpoints, QueryOf, Transaction } from '@cpg/protocol';
import { type CommandHandler, withClient } from './context.ts';
import { type Column, formatFields, formatTable } from './format.ts';

/** `cpg ping` */
export const ping: CommandHandler<object> = (context) =>
  withClient(context, async (client) => {
    const { result, response } = await client.ping().withResponse();
    const { clockOffsetMs } = client;
    const { attempts } = response;
    return {
      document: { ...result, attempts, clock_offset_ms: clockOffsetMs },
      text: () => {
        const seconds = clockOffsetMs / 1000;
        const clock = `The gateway's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}.`;
        const count = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
        return `pong (${count}).${seconds === 0 ? '' : ` ${clock}`}`;
      },
    };
  });

const BALANCE_COLUMNS: readonly Column<Balance>[] = [
  { title: 'CURRENCY', value: ({ currency }) => currency },
  { title: 'NETWORK', value: ({ network }) => network },
  { title: 'BALANCE', value: ({ balance }) => balance, align: 'right' },
  { title: 'HELD', value: ({ held }) => held, align: 'right' },
  { title: 'AVAILABLE', value: ({ available }) => available, align: 'right' },
];

/** `cpg balances` */
export const balances: CommandHandler<QueryOf<typeof endpoints.listBalances>> = (context, filters) =>
  withClient(context, async (client) => {
    const document = await client.balances.list(filters);
    return { document, text: () => formatTable(BALANCE_COLUMNS, document.data) };
  });

const yesOrNo = (isEnabled: boolean): string => (isEnabled ? 'yes' : 'no');

const CURRENCY_COLUMNS: readonly Column<Currency>[] = [
  { title: 'CURRENCY', value: ({ currency }) => currency },
  { title: 'NETWORK', value: ({ network }) => network },
  { title: 'DECIMALS', value: ({ decimals }) => String(decimals), align: 'right' },
  { title: 'DEPOSIT', value: ({ deposit_enabled }) => yesOrNo(deposit_enabled) },
  { title: 'MIN DEPOSIT', value: (row) => trimZeros(row.min_deposit_amount), align: 'right' },
  { title: 'WITHDRAWAL', value: ({ withdrawal_enabled }) => yesOrNo(withdrawal_enabled) },
  { title: 'MIN WITHDRAWAL', value: (row) => trimZeros(row.min_withdrawal_amount), align: 'right' },
  { title: 'FEE', value: (row) => trimZeros(row.withdrawal_fee_flat), align: 'right' },
  { title: 'FEE %', value: (row) => trimZeros(row.withdrawal_fee_percent), align: 'right' },
];

/** The gateway sends these amounts with 18 places. */
const trimZeros = (amount: string): string =>
  amount.includes('.') ? amount.replace(/0+$/, '').replace(/\.$/, '') : amount;

/** `cpg currencies` */
export const currencies: CommandHandler<object> = (context) =>
  withClient(context, async (client) => {
    const document = await client.currencies.list();
    return { document, text: () => formatTable(CURRENCY_COLUMNS, document.data) };
  });

/** `cpg hot-wallet` */
export const hotWallet: CommandHandler<QueryOf<typeof endpoints.getHotWallet>> = (context, { network }) =>
  withClient(context, async (client) => {
    const document = await client.hotWallet.get({ network });
    return { document, text: () => formatFields(document.data) };
  });

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

type TransactionsFlags = QueryOf<typeof endpoints.listTransactions> & { readonly all?: true };

const MAX_PAGE_ROWS = 200;

/** `cpg transactions` */
export const transactions: CommandHandler<TransactionsFlags> = (context, { all, ...query }) =>
  withClient(context, async (client) => {
    const { terminal } = context;
    const rows: Transaction[] = [];
    const text = () => formatTable(TRANSACTION_COLUMNS, rows);
    const call = client.transactions.list(all ? { limit: MAX_PAGE_ROWS, ...query } : query);
    for await (const page of call.pages()) {
      rows.push(...page.data);
      const document = { ...page, data: rows, data_count: rows.length };
      // If a later page fails, the cursor continues after these rows.
      context.keep({ document, text });
      if (all) terminal.note(`${rows.length} transactions${page.has_more ? ' …' : ''}`);
      else if (page.has_more) terminal.note(`More rows exist: pass --all or --cursor ${page.next_cursor}.`);
      if (!all || !page.has_more) return { document, text };
    }
    return { document: { data: rows, data_count: rows.length }, text };
  });
