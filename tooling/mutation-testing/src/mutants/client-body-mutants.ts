import { gunzipSync } from 'node:zlib';
import type { ClientParts } from '../reference/client-parts.ts';
import { collect } from '../reference/client-transport.ts';
import { mutants } from './mutant.ts';

const change = (parts: Partial<ClientParts>) => () => parts;

const UNLIMITED = 2 ** 31;

export const CLIENT_BODY_MUTANTS = mutants<ClientParts>('client: bodies of answers', [
  [
    'body-without-limit',
    change({ mostBytes: UNLIMITED }),
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
      receive: async (response, mostBytes) => {
        const body = await collect(response, mostBytes);
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
