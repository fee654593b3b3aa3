import {
  type DataOf,
  type Endpoint,
  type endpoints,
  REJECTIONS,
  type RejectionCode,
  successEnvelope,
  validateResponse,
} from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import { type OptionRule, oneOf, requireOption } from '../guards.ts';
import { isObject } from '../platform.ts';

type Endpoints = typeof endpoints;

/** The endpoint with a given name. */
export type EndpointNamed<Name extends OperationName> = Extract<
  Endpoints[keyof Endpoints],
  { readonly name: Name }
>;

/** `ping`, `balances.list`, `withdrawals.create` … */
export type OperationName = Endpoints[keyof Endpoints]['name'];

/** The scripted response to one request. */
export type Reply<E extends Endpoint = Endpoint> =
  /** Success with this data; for `transactions.list` also the pagination fields. */
  | { readonly data: DataOf<E>; readonly next_cursor?: number | null; readonly has_more?: boolean }
  /** A rejection of the protocol, e.g. `insufficient_available_balance`. */
  | { readonly rejection: RejectionCode; readonly headers?: Readonly<Record<string, string>> }
  /** Any other error. */
  | {
      readonly status: number;
      readonly message: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The request is received, but the connection breaks without a response. */
  | { readonly lost: true };

interface WrittenReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly envelope: object;
}

/**
 * Turns a reply into status, headers and envelope; `undefined` for a lost one.
 *
 * @throws CpgError `invalid_configuration` for a success that the real endpoint could not return.
 */
export const writeReply = (endpoint: Endpoint, reply: Reply): WrittenReply | undefined => {
  requireOption(`${endpoint.name}: a reply`, reply, REPLY);
  if ('lost' in reply) return undefined;
  if ('data' in reply) return { status: 200, headers: {}, envelope: writeSuccess(endpoint, reply) };
  const { status, message } = 'rejection' in reply ? findRejection(endpoint, reply.rejection) : reply;
  requireOption(`${endpoint.name}: status of a reply`, status, STATUS);
  return { status, headers: reply.headers ?? {}, envelope: { success: false, message } };
};

const REPLY: OptionRule = {
  accepts: (value) =>
    isObject(value) && ['lost', 'data', 'rejection', 'status'].some((name) => Object.hasOwn(value, name)),
  expected: 'an object with data, rejection, status or lost',
};
const STATUS: OptionRule = {
  accepts: (value) => Number.isInteger(value) && (value as number) >= 200 && (value as number) <= 599,
  expected: 'a status from 200 to 599',
};

const findRejection = (endpoint: Endpoint, code: RejectionCode): (typeof REJECTIONS)[RejectionCode] => {
  requireOption(`${endpoint.name}: rejection of a reply`, code, oneOf(...Object.keys(REJECTIONS)));
  return REJECTIONS[code];
};

const writeSuccess = (endpoint: Endpoint, reply: Extract<Reply, { readonly data: unknown }>): object => {
  const { next_cursor = null, has_more = false } = reply;
  const page = endpoint.name === 'transactions.list' ? { next_cursor, has_more } : {};
  const envelope = { ...successEnvelope(reply.data), ...page };
  const parsed = validateResponse(endpoint, envelope);
  if (parsed.success) return envelope;
  const [issue] = parsed.error.issues;
  throw new CpgError(
    'invalid_configuration',
    `${endpoint.name} cannot return this reply: ${issue?.path.join('.')}: ${issue?.message}.`,
  );
};
