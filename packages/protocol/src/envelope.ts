import { assertString, isArray, readGuarded } from './arguments.ts';

/** The body of every successful response. Wire protocol §3. */
export interface SuccessEnvelope<Data = unknown> {
  readonly success: true;
  readonly message: string;
  readonly data: Data;
  /** Rows in `data`; collections only. */
  readonly data_count?: number;
  /** `GET /v1/transactions` only. */
  readonly next_cursor?: number | null;
  /** `GET /v1/transactions` only. */
  readonly has_more?: boolean;
}

/** The body of every response that is not 2xx. Wire protocol §3. */
export interface ErrorEnvelope {
  readonly success: false;
  readonly message: string;
}

/** The content type of every response. Wire protocol §3. */
export const ENVELOPE_CONTENT_TYPE = 'application/json; charset=utf-8';

/** Wraps the data of a response; adds `data_count` for an array. Wire protocol §3. */
export const successEnvelope = <Data>(data: Data): SuccessEnvelope<Data> => ({
  success: true,
  message: 'OK',
  data,
  ...(isArray(data) ? { data_count: readGuarded('data', () => data.length) } : {}),
});

/** Wraps the message of a rejection. An error envelope has no other field. Wire protocol §3. */
export const errorEnvelope = (message: string): ErrorEnvelope => {
  assertString(message, 'message');
  return { success: false, message };
};
