import {
  type Balance,
  type CallOptions,
  CpgClient,
  CpgError,
  type CpgErrorCode,
  isKnownWebhookEvent,
  OutcomeUnknownError,
  signAxios,
  signFetch,
  type Transaction,
  toDecimal,
  type WebhookEvent,
  webhooks,
} from '@cpg/client';
import { formatPostgresInboxTable, type PostgresInbox, postgresInbox } from '@cpg/client/inbox-postgres';
import { type RedisClient, redisInbox } from '@cpg/client/inbox-redis';
import { makeWebhook, ScriptedGateway } from '@cpg/client/testing';
import axios, { type AxiosInstance } from 'axios';

// Compiled, strictly and with the library's own declarations checked, against the installed package.

const credentials = { baseUrl: 'https://api.example.com', keyId: 'ck_1', secret: 'a secret' };
const cpg = new CpgClient({
  ...credentials,
  maxRetries: 3,
  onRetry: ({ code }) => void (code satisfies CpgErrorCode),
});
const options: CallOptions = { timeoutMs: 1_000 };

export const read = async (): Promise<string | undefined> => {
  const { data, data_count } = await cpg.balances.list({ currency: 'USDT' }, options);
  const [first]: readonly Balance[] = data;
  const count: number = data_count;
  return count > 0 && first ? toDecimal(first.available).toFixed() : undefined;
};

export const readAll = async (): Promise<Transaction[]> => {
  const all: Transaction[] = [];
  for await (const transaction of cpg.transactions.list({ direction: 'deposit' })) all.push(transaction);
  return all;
};

export const pay = async (): Promise<string> => {
  try {
    const { data, client_reference } = await cpg.withdrawals.create({ ...order, amount: '1' });
    const { status } = (await cpg.withdrawals.waitUntilFinal(data.withdrawal_id)).data;
    // An open enum: the known values are suggested, others are texts.
    return status === 'confirmed' ? String(client_reference) : status;
  } catch (error) {
    if (error instanceof OutcomeUnknownError) return error.idempotencyReference ?? 'unknown';
    return CpgError.is(error) ? error.code : 'other';
  }
};

const order = { currency: 'USDT', network: 'ETH', to_address: '0x52908400098527886E0F' };
// @ts-expect-error an amount is a string or a number
export const wrongAmount = () => cpg.withdrawals.create({ ...order, amount: true });
// @ts-expect-error no such filter
export const wrongFilter = () => cpg.balances.list({ curency: 'USDT' });

export const instance: AxiosInstance = signAxios(axios.create({ baseURL: credentials.baseUrl }), credentials);
export const signedFetch: typeof fetch = signFetch(fetch, credentials);
export const receiver = webhooks.receiver({
  secret: 's',
  onEvent: (event) => {
    if (!isKnownWebhookEvent(event)) return;
    const known: WebhookEvent = event;
    if (known.event === 'withdrawal.failed') void (known.data.error_message satisfies string | null);
  },
});

export const inbox: PostgresInbox = postgresInbox(async (text, values) => [text, values]);
export const receiverOfMany = (redis: RedisClient) =>
  webhooks.receiver({
    secret: ['old', 'new'],
    inbox: redisInbox(redis, { prefix: 'shop:' }),
    onEvent: () => {},
  });
export const migration: string = formatPostgresInboxTable({ table: 'shop.inbox' });

export const script = async (): Promise<void> => {
  const gateway = await ScriptedGateway.start();
  gateway.reply('balances.list', { rejection: 'service_unavailable' }, { data: [] });
  // @ts-expect-error not what the endpoint answers
  gateway.reply('ping', { data: { pong: 'yes' } });
  makeWebhook({ secret: 's', event: 'deposit.swept', data: { amount: '1' } });
};
