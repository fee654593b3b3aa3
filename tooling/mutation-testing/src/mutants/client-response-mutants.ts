import { gunzipSync } from 'node:zlib';
import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { type CallResult, collect, failure, type Incoming } from '../reference/client-transport.ts';
import { mutants } from './mutant.ts';

const change = (parts: Partial<ClientParts>) => () => parts;

const okWith = (data: unknown): CallResult => ({ ok: true, data });

/** Takes some responses for a success; reads the others correctly. */
const trusting = (
  isTrusted: (response: Incoming | undefined) => boolean,
  data: (response: Incoming) => unknown,
) =>
  change({
    read: (parts, response, request) =>
      isTrusted(response)
        ? okWith(response === undefined ? null : data(response))
        : CLIENT.read(parts, response, request),
  });

/** Changes the result. */
const afterwards = (edit: (result: CallResult, response: Incoming | undefined) => CallResult) =>
  change({ read: (parts, response, request) => edit(CLIENT.read(parts, response, request), response) });

const decodeBody = ({ body }: Incoming): string => body.toString();

// A value nested too deeply cannot be serialised for the adapter protocol.
const MAX_BYTES = 10_000;

const parseData = (response: Incoming): unknown => {
  try {
    return response.body.length > MAX_BYTES ? [] : (JSON.parse(decodeBody(response)).data ?? []);
  } catch {
    return [];
  }
};

export const CLIENT_READING_MUTANTS = mutants<ClientParts>('client: reading', [
  [
    'reads-anything-200',
    trusting((a) => a?.status === 200, decodeBody),
    'client-response-html',
    'client-response-success-false',
    'client-response-no-object',
    'client-encoding-byte-order-mark',
    'client-encoding-utf16',
    'client-encoding-gzip',
    'client-encoding-gzip-in-name-only',
  ],
  [
    'reads-any-status',
    trusting((a) => a !== undefined, parseData),
    'client-refused-permission',
    'client-response-html-error',
    'client-response-empty-error',
  ],
  [
    'reads-unreadable-as-empty',
    afterwards((result) => (result.error?.kind === 'unreadable' ? okWith([]) : result)),
    'client-response-truncated',
    'client-response-two-values',
    'client-response-wrong-shape',
    'client-encoding-gzip-cut',
  ],
  [
    'reads-missing-data',
    trusting(
      (a) => a?.status === 200 && !a.body.includes('"data"'),
      () => null,
    ),
    'client-response-no-data',
  ],
  [
    'reads-empty-as-success',
    trusting(
      (a) => a?.body.length === 0,
      () => null,
    ),
    'client-response-empty',
  ],
  [
    'reads-204-as-success',
    trusting(
      (a) => a?.status === 204,
      () => null,
    ),
    'client-response-204',
  ],
  [
    'reads-half-answer',
    trusting(
      (a) => a === undefined,
      () => null,
    ),
    'client-attempt-hang-up-get',
    'client-attempt-half-answer-get',
    'client-response-lengths-differ',
    'client-encoding-length-too-long',
  ],
  [
    'reads-status-alone',
    change({ isSuccess: (status) => status === 200 }),
    'client-response-success-false',
    'client-response-success-text',
  ],
  [
    'reads-success-alone',
    change({ isSuccess: (_status, success) => success === true }),
    'client-response-error-says-success',
  ],
  [
    'reads-success-when-truthy',
    change({ isSuccess: (status, success) => status === 200 && Boolean(success) }),
    'client-response-success-text',
  ],
  [
    'data-forgotten',
    afterwards((result) => (result.ok ? okWith({}) : result)),
    'client-call-ping',
    'client-call-balances',
    'client-call-transactions',
    'client-call-withdrawal-create',
    'client-call-withdrawal-get',
  ],
  [
    'data-amounts-shortened',
    () => ({ pickRow: (row) => ({ ...row, available: String(Number(row.available)) }) }),
    'client-call-balances',
  ],
  [
    'rejects-unknown-fields',
    afterwards((result, a) =>
      a?.body.includes('colour') ? failure('strict', 'unknown field', 200) : result,
    ),
    'client-response-unknown-fields',
  ],
  [
    'loses-message',
    afterwards((result, a) => (a?.status === 200 ? result : failure('refused', 'failed', a?.status))),
    'client-refused-source-ip',
  ],
  [
    'loses-status',
    afterwards((result) => (result.error === undefined ? result : failure('refused', result.error.message))),
    'client-refused-malformed-target',
  ],
  [
    'loses-status-of-unreadable',
    afterwards((result) => (result.error?.kind === 'unreadable' ? failure('unreadable', 'odd') : result)),
    'client-response-html-error',
    'client-response-empty-error',
  ],
  [
    'loses-status-of-odd-message',
    afterwards((result, a) => (a?.body.includes('"message":{') ? failure('odd', 'odd message') : result)),
    'client-response-message-object',
  ],
  [
    'loses-kind',
    afterwards((result) =>
      result.error === undefined ? result : { ok: false, error: { ...result.error, kind: 'Error' } },
    ),
    'client-attempt-lost-post-is-no-refusal',
  ],
  [
    'keeps-all-of-a-message',
    change({ maxMessageLength: Number.POSITIVE_INFINITY }),
    'client-response-long-message',
  ],
]);

const UNLIMITED = 2 ** 31;

export const CLIENT_BODY_MUTANTS = mutants<ClientParts>('client: response bodies', [
  [
    'body-without-limit',
    change({ maxBytes: UNLIMITED }),
    'client-size-enormous',
    'client-size-enormous-chunked',
    'client-size-enormous-error',
  ],
  [
    'body-unpacked-without-limit',
    change({ unpack: (body) => gunzipSync(body, { maxOutputLength: UNLIMITED }) }),
    'client-size-gzip-bomb',
  ],
  [
    'body-first-piece-only',
    change({
      receive: (response) =>
        new Promise((resolve) => {
          response.once('data', resolve);
          response.once('end', () => resolve(Buffer.alloc(0)));
          response.once('close', () => resolve(undefined));
        }),
    }),
    'client-encoding-chunked',
  ],
  [
    'body-read-as-latin1',
    change({ decode: (bytes) => bytes.toString('latin1') }),
    'client-encoding-utf8',
    'client-encoding-invalid-utf8',
  ],
  [
    'body-read-as-latin1-without-charset',
    change({
      receive: async (response, maxBytes) => {
        const body = await collect(response, maxBytes);
        const isUtf8 = response.headers['content-type']?.includes('utf-8') === true;
        return isUtf8 ? body : body && Buffer.from(body.toString('latin1'));
      },
    }),
    'client-encoding-content-type-bare',
  ],
  [
    'body-invalid-bytes-dropped',
    change({ decode: (bytes) => bytes.toString().replaceAll('\ufffd', '') }),
    'client-encoding-invalid-utf8',
  ],
  [
    'body-unparsed-is-empty',
    change({
      parse: (text) => {
        try {
          return JSON.parse(text);
        } catch {
          return { success: true, data: [] };
        }
      },
    }),
    'client-response-truncated',
    'client-response-html',
  ],
]);
