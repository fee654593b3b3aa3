import { gunzipSync } from 'node:zlib';
import { type CallResult, failure, type Incoming, type Outgoing } from './client-transport.ts';

/** A route whose answers hold amounts. */
type Route = 'balances' | 'transactions' | 'created' | 'withdrawal';

const COLLECTIONS: readonly unknown[] = ['balances', 'transactions'];

const routeOf = ({ method, target }: Outgoing): Route | undefined => {
  if (target.startsWith('/v1/balances')) return 'balances';
  if (target.startsWith('/v1/transactions')) return 'transactions';
  if (method === 'POST') return 'created';
  return target.startsWith('/v1/withdrawals/') ? 'withdrawal' : undefined;
};

/** The steps from an answer to a result, each replaceable by a broken one. */
export interface ReadingParts {
  /** An answer with more bytes than this, packed or unpacked, is none. */
  readonly mostBytes: number;
  readonly unpack: (body: Buffer, mostBytes: number) => Buffer;
  /** Text from bytes. Throws for bytes that are not UTF-8. */
  readonly decode: (bytes: Buffer) => string;
  readonly parse: (text: string) => unknown;
  readonly isSuccess: (status: number, success: unknown) => boolean;
  readonly isAmount: (amount: unknown) => boolean;
  /** The members that are amounts. */
  readonly amounts: Readonly<Record<Route, readonly string[]>>;
  /** A row with what is read of it. */
  readonly pickRow: (row: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  readonly longestMessage: number;
  readonly read: (parts: ReadingParts, answer: Incoming | undefined, request: Outgoing) => CallResult;
}

const DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

const hasAmounts = ({ isAmount, amounts }: ReadingParts, route: Route, row: unknown): boolean =>
  typeof row === 'object' &&
  row !== null &&
  amounts[route].every((name) => isAmount((row as Readonly<Record<string, unknown>>)[name]));

const isShaped = (parts: ReadingParts, route: Route | undefined, data: unknown): boolean => {
  if (route === undefined) return data !== undefined;
  if (!COLLECTIONS.includes(route)) return hasAmounts(parts, route, data);
  return Array.isArray(data) && data.every((row) => hasAmounts(parts, route, row));
};

/** The envelope of an answer; throws when there is none. */
export const envelopeOf = (
  parts: ReadingParts,
  { headers, body }: Incoming,
): Readonly<Record<string, unknown>> => {
  const bytes = headers['content-encoding'] === 'gzip' ? parts.unpack(body, parts.mostBytes) : body;
  const envelope = parts.parse(parts.decode(bytes));
  if (typeof envelope !== 'object' || envelope === null) throw new Error('not an envelope');
  return envelope as Readonly<Record<string, unknown>>;
};

const readAnswer: ReadingParts['read'] = (parts, answer, request) => {
  if (answer === undefined) return failure('no_answer', 'No whole answer; the outcome is unknown.');
  const { status } = answer;
  let envelope: Readonly<Record<string, unknown>>;
  try {
    envelope = envelopeOf(parts, answer);
  } catch {
    return failure('unreadable', 'The answer is not an envelope.', status);
  }
  const { success, message, data } = envelope;
  if (!parts.isSuccess(status, success)) {
    const said = typeof message === 'string' ? message : 'The server gave no reason.';
    return failure('refused', said.slice(0, parts.longestMessage), status);
  }
  const route = routeOf(request);
  const read = route === 'balances' && Array.isArray(data) ? data.map(parts.pickRow) : data;
  return isShaped(parts, route, read)
    ? { ok: true, data: read }
    : failure('unreadable', 'The answer has no data of the expected shape.', status);
};

/** What the contract lets a client believe: §3 and §6, rule 8. */
export const READING: ReadingParts = {
  mostBytes: 4 * 2 ** 20,
  unpack: (body, mostBytes) => gunzipSync(body, { maxOutputLength: mostBytes }),
  decode: (bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
  parse: JSON.parse,
  isSuccess: (status, success) => status === 200 && success === true,
  isAmount: (amount) => typeof amount === 'string' && DECIMAL.test(amount),
  amounts: {
    balances: ['balance', 'held', 'available'],
    transactions: ['amount_decimal'],
    created: ['amount_decimal', 'fee_decimal'],
    withdrawal: ['amount', 'fee'],
  },
  pickRow: (row) => row,
  longestMessage: 1_000,
  read: readAnswer,
};
