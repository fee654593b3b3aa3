import { assertString, isArray, readGuarded, wrongType } from './arguments.ts';

/** The body of a successful response. Wire protocol §3. */
export interface SuccessEnvelope<Data = unknown> {
  readonly success: true;
  /** `OK`. For people: programs need not read it. */
  readonly message: string;
  /** What was asked for. */
  readonly data: Data;
}

/** The body of a successful response with rows. Wire protocol §3. */
export interface CollectionEnvelope<Row> extends SuccessEnvelope<Row[]> {
  /** How many rows `data` has. */
  readonly data_count: number;
}

/** The body of a successful response with one page of rows: `GET /v1/transactions`. Wire protocol §4.5. */
export interface PageEnvelope<Row> extends CollectionEnvelope<Row> {
  /** The `cursor` of the next page, which is the id of the last row of this one; `null` on the last page. */
  readonly next_cursor: number | null;
  /** Whether there are rows behind this page. */
  readonly has_more: boolean;
}

/** The envelope of some data: with `data_count` when the data is an array. */
export type EnvelopeOf<Data> = Data extends readonly (infer Row)[]
  ? CollectionEnvelope<Row>
  : SuccessEnvelope<Data>;

/** The body of every response that is not 2xx. Wire protocol §3. */
export interface ErrorEnvelope {
  readonly success: false;
  readonly message: string;
}

/** The content type of every response. Wire protocol §3. */
export const ENVELOPE_CONTENT_TYPE = 'application/json; charset=utf-8';

/** Wraps the data of a response; adds `data_count` for an array. Wire protocol §3. */
export const successEnvelope = <Data>(data: Data): EnvelopeOf<Data> =>
  ({
    success: true,
    message: 'OK',
    data,
    ...(isArray(data) ? { data_count: readGuarded('data', () => data.length) } : {}),
  }) as unknown as EnvelopeOf<Data>;

/** Wraps the message of a rejection. An error envelope has no other field. Wire protocol §3. */
export const errorEnvelope = (message: string): ErrorEnvelope => {
  assertString(message, 'message');
  return { success: false, message };
};

/**
 * Reads a field that these types do not list: a later version of the gateway may add fields to any object of a response
 * or a webhook, and they are kept. The listed fields are properties: `balance.available`. Wire protocol §6, rule 8.
 *
 * @example const staked = getUnlistedField(balance, 'staked');
 * @returns the value, to check before use; `undefined` if there is no such field.
 * @throws ProtocolError `invalid_field` for anything but an object and a name.
 */
export const getUnlistedField = (object: object, name: string): unknown => {
  if (typeof object !== 'object' || object === null) {
    throw wrongType('object', object, { expected: 'an object of a response or a webhook' });
  }
  assertString(name, 'name');
  return readGuarded('object', () =>
    Object.hasOwn(object, name) ? (object as Readonly<Record<string, unknown>>)[name] : undefined,
  );
};
