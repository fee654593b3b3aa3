import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientParts } from '../reference/client-parts.ts';
import type { ServerParts } from '../reference/server-parts.ts';

/** A correct implementation that differs from the reference where the wire protocol leaves a choice. */
interface Variant<Parts> {
  /** Kebab-case; names the choice. */
  readonly id: string;
  readonly alter: (parts: Parts) => Partial<Parts>;
  /** The cases that must pass, as a glob: those that the choice concerns. */
  readonly cases: string;
}

const variants = <Parts>(
  rows: readonly (readonly [id: string, alter: Variant<Parts>['alter'], cases: string])[],
): readonly Variant<Parts>[] => rows.map(([id, alter, cases]) => ({ id, alter, cases }));

const contentType = (type: string) => (): Partial<ServerParts> => ({
  headers: () => ({ 'content-type': type }),
});

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same value with the members of every object in reverse order. */
const reordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reordered);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, each]) => [name, reordered(each)]),
  );
};

/** Cases that read responses, clocks or connections in different ways. */
const MOST =
  'server-{missing-all,smuggle-unsigned,arrives-unsigned,pipelined,credentials-on,head,options,encoding-identity,body-chunked,ping,route,key-faults,fields-balances,collections,date,balances-decimals,balances-order,replay-same,syntax-schema,transactions,deposit}*';

const REJECTED_AND_ACCEPTED = 'server-{missing,empty,accept-query,body-any,balances,route}-*';

const ACCOUNT = 'server-withdrawal-{answer,get,takes,reference-again}*';

/** Writes characters as escapes of JSON. */
const escapeAll = (text: string, pattern: RegExp): string =>
  text.replace(pattern, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Servers that must pass. */
export const SERVER_VARIANTS = variants<ServerParts>([
  ['type-without-charset', contentType('application/json'), REJECTED_AND_ACCEPTED],
  ['type-in-another-spelling', contentType('Application/JSON;Charset="UTF-8"'), REJECTED_AND_ACCEPTED],
  ['connection-closed-after-each', () => ({ headers: () => ({ connection: 'close' }) }), MOST],
  ['chunked-responses', () => ({ isChunked: true }), MOST],
  ['json-indented', () => ({ write: (body) => `${JSON.stringify(body, null, 2)}\n` }), MOST],
  ['json-in-another-order', () => ({ write: (body) => JSON.stringify(reordered(body)) }), MOST],
  ['json-in-ascii', () => ({ write: (body) => escapeAll(JSON.stringify(body), /[^ -~]/g) }), MOST],
  [
    'json-with-escaped-slashes',
    () => ({ write: (body) => JSON.stringify(body).replaceAll('/', '\\/') }),
    MOST,
  ],
  ['responses-until-close', () => ({ isUntilClose: true }), MOST],
  ['other-reason-phrases', () => ({ reason: (status) => `Status ${status}` }), MOST],
  ['no-reason-phrases', () => ({ reason: () => '' }), MOST],
  [
    'more-headers',
    () => ({
      headers: () => ({
        server: 'Other/1.0',
        'set-cookie': 'a=b',
        vary: '*',
        'x-request-id': '1',
        etag: '"1"',
      }),
    }),
    MOST,
  ],
  [
    'more-fields',
    () => ({ shape: (_name, data) => ({ ...data, extra: { a: [1] } }) }),
    `{${MOST},${ACCOUNT}}`,
  ],
  [
    'withdrawals-are-no-transactions-yet',
    () => ({ isOwnTransaction: () => false }),
    'server-{transactions,fields-transactions,ping-data}*',
  ],
  ['no-hot-wallet', () => ({ hasWallet: () => false }), 'server-{hot-wallet,fields-hot}*'],
  ['clock-30-s-ahead', () => ({ clockOffset: 30 }), MOST],
  ['clock-30-s-behind', () => ({ clockOffset: -30 }), MOST],
  [
    'slow-responses',
    () => ({ delay: () => sleep(150) }),
    'server-{authorization-no,credentials-on,head,options,replay-same-b}*',
  ],
  [
    'withdrawal-answered-as-pending',
    () => ({ created: (data) => ({ ...data, status: 'pending', tx_hash: '' }) }),
    'server-withdrawal-{answer,takes,reference}*',
  ],
]);

/** Clients that must pass. */
export const CLIENT_VARIANTS = variants<ClientParts>([
  [
    'references-of-its-own',
    () => ({
      encodeBody: (args) => Buffer.from(JSON.stringify({ client_reference: 'own', ...(args as object) })),
    }),
    'client-{attempt-50,data-sent,silence}*',
  ],
  ['no-retries', () => ({ maxAttempts: 1 }), 'client-{attempt,silence}*'],
  ['pace-a-minute-from-now', () => ({ untilNextMinute: () => 60 }), 'client-clock-429-*'],
]);
