import { endpoints } from '@cpg/protocol';
import { createSampleRequest, type SampleEndpoint, type SampleRequest } from './samples.ts';

/** The name of an endpoint among the exports of @cpg/protocol, e.g. `listBalances`. */
export type OperationId = keyof typeof endpoints;

/** What the reference says of an endpoint beyond its definition. */
export interface OperationText {
  /** The section of the navigation. */
  readonly group: string;
  /** In the navigation. @default the summary of the definition */
  readonly label?: string;
  /** Markdown, a paragraph each. */
  readonly notes: readonly string[];
  /** The parameters of the sample: those of the query, or the fields of the body. */
  readonly sample: Readonly<Record<string, unknown>>;
  /** The values of the parameters in the path, and what they mean. */
  readonly path?: Readonly<Record<string, { readonly value: number; readonly description: string }>>;
}

const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';
const UNKNOWN_FILTER =
  'A filter is matched without regard to case, and signed as it is sent. An unknown value gives an empty list.';
const ENUMS =
  'Later versions may add fields and values: ignore fields that you do not know, and handle a value that is not listed.';

/** The endpoints in the order of the navigation. */
export const OPERATIONS: Readonly<Record<OperationId, OperationText>> = {
  ping: {
    group: 'Account',
    label: 'Ping',
    sample: {},
    notes: [
      'The first request to send from a new integration: a success says that key, secret, clock and signature are right. Any valid key may call it.',
    ],
  },
  listBalances: {
    group: 'Account',
    sample: { currency: 'USDT', network: 'ETH' },
    notes: [
      UNKNOWN_FILTER,
      '`held` moves at the moment a withdrawal is submitted, and clears when it confirms (then `balance` shrinks) or fails (then the funds are `available` again). `available` can be spent at once.',
    ],
  },
  listCurrencies: {
    group: 'Account',
    sample: {},
    notes: [
      'Lists what is enabled for this account, for deposits or withdrawals. Read `decimals` from here, never from a constant in your program.',
      '`withdrawal_fee_percent` is in percent: `1.000000` is 1 %. The fee of a withdrawal is `withdrawal_fee_flat + amount × withdrawal_fee_percent / 100`, rounded up to `decimals`.',
    ],
  },
  getHotWallet: {
    group: 'Account',
    label: 'Get the hot wallet',
    sample: { network: 'ETH' },
    notes: [
      'One wallet for each network, allocated when the first currency of the network is enabled. Send funds for withdrawals to it.',
    ],
  },
  listTransactions: {
    group: 'Account',
    sample: { direction: 'withdrawal', limit: 20 },
    notes: [
      'Newest first. For the next page, send `next_cursor` as `cursor` while `has_more` is true. Transactions that arrive in between do not shift the pages.',
      ENUMS,
    ],
  },
  createDepositAddress: {
    group: 'Deposits',
    label: 'Request an address',
    sample: {
      currency: 'USDT',
      network: 'ETH',
      user_identifier: 'user-42',
      idempotency_key: 'topup-2026-001',
    },
    notes: [
      'With `user_identifier` the address is sticky: the same value gets the same address for ever. Without it, the address is drawn from a pool and may be used again.',
      'Repeat the call with the same `idempotency_key` after a lost response: it returns the first response and creates nothing.',
    ],
  },
  getDepositRequest: {
    group: 'Deposits',
    sample: {},
    path: {
      request_id: { value: 5001, description: 'The `request_id` of the response that created the address.' },
    },
    notes: [
      'An `expired` request is still watched: payments that arrive late are credited. Rather than polling, receive [webhooks](site:reference/webhooks/deposit-detected.html).',
      ENUMS,
    ],
  },
  createWithdrawal: {
    group: 'Withdrawals',
    sample: {
      currency: 'USDT',
      network: 'ETH',
      amount: '25.5',
      to_address: ADDRESS,
      client_reference: 'payout-2026-001',
    },
    notes: [
      'Amount and fee are held at once, so two withdrawals never spend the same funds. The fee is charged on top of `amount`.',
      '**Always send `client_reference`.** After a lost response, the same call with the same reference returns the first withdrawal. Without it you cannot know whether a retry pays twice. See [payouts that survive a crash](site:guides/idempotency.html).',
      'Send `amount` as a decimal string with at most the `decimals` of the [currency](site:reference/list-currencies.html).',
    ],
  },
  getWithdrawal: {
    group: 'Withdrawals',
    sample: {},
    path: {
      withdrawal_id: { value: 1001, description: 'The `withdrawal_id` of the response that created it.' },
    },
    notes: [
      '`pending` (held) → `broadcasted` (sent to the chain) → `confirmed` (debited) or `failed` (the hold is released). `confirmed` and `failed` are final.',
      ENUMS,
    ],
  },
};

/** The name of an operation in paths and file names: `list-balances`. */
export const operationSlug = (id: OperationId): string =>
  id.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The values of the parameters in the path that samples use. */
const samplePath = (id: OperationId): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(OPERATIONS[id].path ?? {}).map(([name, { value }]) => [name, value]));

/** What samples need to know of an endpoint. */
export const getSampleEndpoint = (id: OperationId): SampleEndpoint => {
  const { method, path, summary, name, body } = endpoints[id];
  return { method, path, summary, name, hasBody: body !== null };
};

/** The request that the sample of an operation sends. */
export const createOperationSample = (id: OperationId): SampleRequest =>
  createSampleRequest(getSampleEndpoint(id), { path: samplePath(id), input: OPERATIONS[id].sample });
