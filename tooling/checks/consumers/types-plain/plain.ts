// Compiled without the types of Node.js and without axios, by several versions of TypeScript, with the declarations of the
// packages checked.
import {
  type Balance,
  CpgClient,
  type CreateWithdrawalBody,
  getUnlistedField,
  isKnownWebhookEvent,
  toDecimal,
  webhooks,
} from '@cpg/client';
import { formatPostgresInboxTable, postgresInbox } from '@cpg/client/inbox-postgres';
import { redisInbox } from '@cpg/client/inbox-redis';
import { makeWebhook, ScriptedGateway } from '@cpg/client/testing';
import { createSigningKey, endpoints, signRequest, validateRequest } from '@cpg/protocol';
import { explainMismatch, explainWebhookMismatch, type FindingCode } from '@cpg/protocol/explain';
import * as vectors from '@cpg/protocol/vectors';

const cpg = new CpgClient({ baseUrl: 'https://api.example.com', keyId: 'ck_1', secret: 's' });
const order: CreateWithdrawalBody = {
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x52908400098527886E0F',
  amount: '1',
};

export const readBalances = async (): Promise<string | undefined> => {
  const { data } = await cpg.balances.list();
  const [first]: readonly Balance[] = data;
  // @ts-expect-error a misspelt field
  void data[0]?.availble;
  // @ts-expect-error a field that the types do not list
  void data[0]?.staked;
  const staked: unknown = first && getUnlistedField(first, 'staked');
  return first === undefined ? String(staked) : toDecimal(first.available).toFixed();
};

export const readWithdrawal = async (): Promise<string> => {
  const w = await cpg.withdrawals.get(1);
  // @ts-expect-error a misspelt field
  void w.data.statuss;
  // @ts-expect-error a misspelt field
  void w.dta;
  return w.data.tx_hash ?? w.data.status;
};

// @ts-expect-error an amount is a decimal string
export const inexact = () => cpg.withdrawals.create({ ...order, amount: 0.1 });

export const receiver = webhooks.receiver({
  secret: 's',
  onEvent: (event) => {
    // @ts-expect-error a misspelt field
    if (isKnownWebhookEvent(event)) void event.data.amonut;
  },
});
export const signed = signRequest({
  keyId: 'k',
  key: createSigningKey('s'),
  method: 'GET',
  target: '/',
  timestamp: 1,
});
export const validated = validateRequest(endpoints.listBalances, { pathParameters: {}, query: '' });
export const webhookText: string = makeWebhook({ secret: 's', event: 'deposit.confirmed' }).body.toString(
  'utf8',
);
export const start = () => ScriptedGateway.start();

export const explain = (body: Uint8Array): readonly FindingCode[] => {
  const request = { method: 'POST', target: '/v1/withdrawals', timestamp: '1', body };
  const given = { key: createSigningKey('s'), signature: 'a' };
  const findings = [
    ...explainMismatch({ ...given, request }),
    ...explainWebhookMismatch({ ...given, webhook: { body, timestamp: '1' } }),
  ];
  return findings.map(({ code }) => code);
};
// @ts-expect-error a code that does not exist
export const misspelt: FindingCode = 'key_trimed';
export const others = { formatPostgresInboxTable, postgresInbox, redisInbox, vectors };
