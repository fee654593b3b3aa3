import { gunzipSync } from 'node:zlib';
import { type CallResult, failure, type Incoming, type Outgoing } from './client-transport.ts';

/** A route with amounts in its responses. */
type Route = 'balances' | 'transactions' | 'created' | 'withdrawal';

const COLLECTIONS: readonly unknown[] = ['balances', 'transactions'];

const findRoute = ({ method, target }: Outgoing): Route | undefined => {
  if (target.startsWith('/v1/balances')) return 'balances';
  if (target.startsWith('/v1/transactions')) return 'transactions';
  if (method === 'POST') return 'created';
  return target.startsWith('/v1/withdrawals/') ? 'withdrawal' : undefined;
};

/** The steps from a response to a result, each of which a mutant can replace. */
export interface ReadingParts {
  /** A response with more bytes than this, compressed or not, is discarded. */
  readonly maxBytes: number;
  readonly unpack: (body: Buffer, maxBytes: number) => Buffer;
  /** Decodes text. Throws for bytes that are not UTF-8. */
  readonly decode: (bytes: Buffer) => string;
  readonly parse: (text: string) => unknown;
  readonly isSuccess: (status: number, success: unknown) => boolean;
  readonly isAmount: (amount: unknown) => boolean;
  /** The fields with amounts. */
  readonly amounts: Readonly<Record<Route, readonly string[]>>;
  /** The fields of a row that reach the result. */
  readonly pickRow: (row: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  readonly maxMessageLength: number;
  readonly read: (parts: ReadingParts, response: Incoming | undefined, request: Outgoing) => CallResult;
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

/** The envelope of a response. Throws when the body is not one. */
export const parseEnvelope = (
  parts: ReadingParts,
  { headers, body }: Incoming,
): Readonly<Record<string, unknown>> => {
  const bytes = headers['content-encoding'] === 'gzip' ? parts.unpack(body, parts.maxBytes) : body;
  const envelope = parts.parse(parts.decode(bytes));
  if (typeof envelope !== 'object' || envelope === null) throw new Error('not an envelope');
  return envelope as Readonly<Record<string, unknown>>;
};

const readResponse: ReadingParts['read'] = (parts, response, request) => {
  if (response === undefined) return failure('no_answer', 'No complete response; the outcome is unknown.');
  const { status } = response;
  let envelope: Readonly<Record<string, unknown>>;
  try {
    envelope = parseEnvelope(parts, response);
  } catch {
    return failure('unreadable', 'The response is not an envelope.', status);
  }
  const { success, message, data } = envelope;
  if (!parts.isSuccess(status, success)) {
    const said = typeof message === 'string' ? message : 'The server gave no reason.';
    return failure('refused', said.slice(0, parts.maxMessageLength), status);
  }
  const route = findRoute(request);
  const read = route === 'balances' && Array.isArray(data) ? data.map(parts.pickRow) : data;
  return isShaped(parts, route, read)
    ? { ok: true, data: read }
    : failure('unreadable', 'The response has no data of the expected shape.', status);
};

/** The checks of wire protocol §3 and §6, rule 8. */
export const READING: ReadingParts = {
  maxBytes: 4 * 2 ** 20,
  unpack: (body, maxBytes) => gunzipSync(body, { maxOutputLength: maxBytes }),
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
  maxMessageLength: 1_000,
  read: readResponse,
};
