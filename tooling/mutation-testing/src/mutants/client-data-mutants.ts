import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { type CallResult, failure } from '../reference/client-transport.ts';
import { mutants } from './mutant.ts';

const AMOUNTS = /^(?:balance|held|available|amount|fee)(?:_decimal)?$/;

type Value = (name: string, value: unknown) => unknown;

/** Changes members of the data before they reach the result. */
const members = (change: Value) => {
  const apply = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(apply);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, change(name, each)]));
  };
  return results((data) => apply(data));
};

/** Changes the data of a result. */
const results = (change: (data: unknown) => unknown) => (): Partial<ClientParts> => ({
  read: (parts, response, request): CallResult => {
    const result = CLIENT.read(parts, response, request);
    return result.ok ? { ...result, data: change(result.data) } : result;
  },
});

const amounts = (change: (amount: string) => unknown) =>
  members((name, value) => (AMOUNTS.test(name) ? change(String(value)) : value));

const rows = (change: (list: readonly unknown[]) => readonly unknown[]) =>
  results((data) => (Array.isArray(data) ? change(data) : data));

/** Accepts these values of a member only. */
const knowing =
  (member: string, ...known: readonly string[]) =>
  (): Partial<ClientParts> => ({
    read: (parts, response, request) => {
      const result = CLIENT.read(parts, response, request);
      const all = [result.data].flat() as readonly Readonly<Record<string, unknown>>[];
      const isKnown = all.every(
        (each) => each?.[member] === undefined || known.includes(String(each[member])),
      );
      return isKnown ? result : failure('unreadable', `An unknown ${member}.`);
    },
  });

const trimmed = (args: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value]),
  );

export const CLIENT_DATA_MUTANTS = mutants<ClientParts>('client: data', [
  [
    'data-amounts-through-double',
    amounts((amount) => String(Number(amount))),
    'client-data-amounts-tiny',
    'client-data-amounts-long',
    'client-data-created-amounts',
    'client-data-withdrawal-amounts',
  ],
  [
    'data-amounts-of-18-digits',
    amounts((amount) => (amount.length > 20 ? Number(amount).toFixed(18) : amount)),
    'client-data-amounts-long',
  ],
  ['data-zeros-dropped', amounts((amount) => amount.replace(/\.?0+$/, '')), 'client-data-amounts-zeros'],
  ['data-amounts-absolute', amounts((amount) => amount.replace('-', '')), 'client-data-amounts-negative'],
  [
    'data-negative-rejected',
    () => ({ isAmount: (amount) => CLIENT.isAmount(amount) && !String(amount).startsWith('-') }),
    'client-data-amounts-negative',
  ],
  [
    'data-addresses-lower-case',
    members((name, value) => (name === 'to_address' ? String(value).toLowerCase() : value)),
    'client-data-created-address',
    'client-data-withdrawal-address',
  ],
  [
    'data-first-row-only',
    rows((list) => list.slice(0, 1)),
    'client-data-rows-several',
    'client-data-transactions-several',
  ],
  ['data-rows-reversed', rows((list) => list.toReversed()), 'client-data-rows-several'],
  [
    'data-rows-sorted',
    rows((list) => list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))),
    'client-data-rows-several',
    'client-data-transactions-several',
  ],
  [
    'data-equal-rows-once',
    rows((list) => [...new Map(list.map((row) => [JSON.stringify(row), row])).values()]),
    'client-data-rows-equal',
  ],
  [
    'data-no-rows-is-null',
    results((data) => (Array.isArray(data) && data.length === 0 ? null : data)),
    'client-data-rows-none',
  ],
  [
    'data-known-status-only',
    knowing('status', 'pending', 'broadcasted', 'confirmed', 'failed', 'detected'),
    'client-data-status-unknown',
    'client-data-status-unknown-created',
    'client-data-transactions-unknown',
  ],
  [
    'data-known-direction-only',
    knowing('direction', 'deposit', 'withdrawal', 'sweep', 'gas_topup'),
    'client-data-transactions-unknown',
  ],
  [
    'data-amount-sent-as-number',
    () => ({
      encodeBody: (args) =>
        Buffer.from(JSON.stringify(args, (name, value) => (name === 'amount' ? Number(value) : value))),
    }),
    'client-data-sent-as-given',
  ],
  [
    'data-amount-sent-rewritten',
    () => ({
      encodeBody: (args) =>
        Buffer.from(
          JSON.stringify(args, (name, value) => (name === 'amount' ? String(Number(value)) : value)),
        ),
    }),
    'client-data-sent-as-given',
  ],
  [
    'data-address-sent-lower-case',
    () => ({
      encodeBody: (args) =>
        Buffer.from(
          JSON.stringify(args, (name, value) =>
            name === 'to_address' ? String(value).toLowerCase() : value,
          ),
        ),
    }),
    'client-data-sent-as-given',
  ],
  [
    'wire-query-trimmed',
    () => ({ encodeQuery: (args) => CLIENT.encodeQuery(trimmed(args)) }),
    'client-query-outer-spaces',
  ],
  [
    'wire-body-trimmed',
    () => ({ encodeBody: (args) => CLIENT.encodeBody(trimmed(args as Readonly<Record<string, string>>)) }),
    'client-body-outer-spaces',
  ],
  [
    'wire-query-in-latin1',
    () => ({
      encodeQuery: (args) =>
        Object.entries(args)
          .map((pair) => pair.map((text) => escape(text).replaceAll('+', '%2B')).join('='))
          .join('&'),
    }),
    'client-query-accent',
  ],
  [
    'wire-body-in-latin1',
    () => ({ encodeBody: (args) => Buffer.from(JSON.stringify(args), 'latin1') }),
    'client-body-accent',
  ],
  ['silence-for-ever', () => ({ timeout: () => undefined }), 'client-silence-post', 'client-silence-half'],
  [
    'silence-ends-with-head',
    () => ({
      timeout: (milliseconds) => milliseconds,
      receive: (response) =>
        new Promise((resolve) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', () => undefined);
          response.on('end', () => resolve(Buffer.concat(chunks)));
        }),
    }),
    'client-silence-half',
  ],
  ...[500, 502, 503, 504].map(
    (status) =>
      [
        `again-post-after-${status}`,
        () => ({
          shouldRetry: (attempted: Parameters<ClientParts['shouldRetry']>[0]) =>
            attempted.response?.status === status || CLIENT.shouldRetry(attempted),
        }),
        `client-attempt-${status}-post`,
      ] as const,
  ),
]);
