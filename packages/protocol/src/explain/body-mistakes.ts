import { digest, hmac } from '../crypto/node.ts';
import { attempt, defineMistakes } from './find-mistakes.ts';

// Besides JSON.stringify, clients serialise with Python's json.dumps and PHP's json_encode.
const asPython = (compact: string): string =>
  compact.replace(/("(?:[^"\\]|\\.)*")|([,:])/g, (_, text?: string, mark?: string) => text ?? `${mark} `);
const asPhp = (compact: string): string => compact.replaceAll('/', '\\/');
const escapeNonAscii = (json: string): string =>
  json.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const sortKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sortKeys((value as Record<string, unknown>)[key])]),
  );
};

// Indentation grows with the square of the depth, which a peer chooses: 8 kB of brackets would become 100 MB.
const MAX_INDENTED_LEVELS = 32;
const isDeep = (json: string): boolean => {
  let level = 0;
  for (const [bracket] of json.replace(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/[[\]{}]/g)) {
    level += bracket === '[' || bracket === '{' ? 1 : -1;
    if (level > MAX_INDENTED_LEVELS) return true;
  }
  return false;
};
const indented = (json: string): string[] =>
  isDeep(json) ? [] : [2, 4].map((spaces) => JSON.stringify(JSON.parse(json), null, spaces));

const bodies = (...texts: readonly string[]) => texts.map((text) => ({ body: Buffer.from(text) }));

/** Mistakes with the bytes of the body, in a request or a webhook. Wire protocol §1.2 and §5. */
export const bodyMistakes = defineMistakes([
  {
    code: 'body_reserialised',
    message:
      'The body was parsed and written again before signing: keep the bytes that are sent or received, and sign those.',
    variants: ({ body }) =>
      attempt(() => ({ body: Buffer.from(JSON.stringify(JSON.parse(body.toString()))) })).flatMap(
        (compact) => {
          const json = compact.body?.toString() as string;
          const writings = [json, asPython(json), asPhp(json), ...indented(json)];
          return bodies(...writings, ...writings.map(escapeNonAscii), JSON.stringify(json));
        },
      ),
  },
  {
    code: 'body_keys_sorted',
    message: 'The keys of the body were sorted before signing: sign the bytes that are sent.',
    variants: ({ body }) =>
      attempt(() => ({ body: Buffer.from(JSON.stringify(sortKeys(JSON.parse(body.toString())))) })).flatMap(
        (compact) => [compact, ...bodies(asPython(compact.body?.toString() as string))],
      ),
  },
  {
    code: 'body_trimmed',
    message: 'White space around the body was cut off before signing: sign every byte that is sent.',
    variants: ({ body }) => {
      const text = body.toString('latin1');
      const trimmed = [text.trim(), text.trimEnd(), text.replace(/\r?\n$/, '')];
      return trimmed.map((each) => ({ body: Buffer.from(each, 'latin1') }));
    },
  },
  {
    code: 'body_newline_added',
    message:
      'A newline was signed after the body but not sent (echo adds one; printf %s does not): sign exactly the bytes that are sent.',
    variants: ({ body }) => ['\n', '\r\n'].map((end) => ({ body: Buffer.concat([body, Buffer.from(end)]) })),
  },
  {
    code: 'body_line_endings_changed',
    message:
      'The line endings of the body differ between signing and sending (CRLF, LF): sign the bytes that are sent.',
    variants: ({ body }) => {
      const text = body.toString('latin1');
      const unix = text.replaceAll('\r\n', '\n');
      return [unix, unix.replaceAll('\n', '\r\n')].map((each) => ({ body: Buffer.from(each, 'latin1') }));
    },
  },
  {
    code: 'body_charset_changed',
    message:
      'The body was signed in another character encoding, or without its byte order mark: sign the bytes that are sent.',
    variants: ({ body }) => {
      const text = body.toString();
      const unmarked = text.replace(/^\ufeff/, '');
      return [
        ...bodies(text, unmarked, `\ufeff${text}`, text.normalize('NFC'), body.toString('latin1')),
        { body: Buffer.from(text, 'latin1') },
        { body: Buffer.from(text, 'utf16le') },
      ];
    },
  },
  {
    code: 'body_placeholder',
    message:
      'Without a body, something was signed in its place ({}, null, …): no body is zero bytes, with the SHA-256 e3b0c442…7852b855.',
    variants: ({ body }) =>
      body.length > 0 ? [] : bodies('{}', 'null', 'undefined', '[]', '""', '[object Object]', ' ', 'None'),
  },
  {
    code: 'body_ignored',
    message: 'The body was not signed: hash the body of every request that has one, whatever its method.',
    variants: () => bodies(''),
  },
]);

/** Mistakes with the fifth field of a request. Wire protocol §1.2. */
export const bodyHashMistakes = defineMistakes([
  {
    code: 'body_not_hashed',
    message:
      'The body itself was signed in place of its hash: the fifth field is the lowercase hex SHA-256 of the body.',
    variants: ({ body }) => (body.length > 0 ? [{ hashBody: (bytes) => bytes }] : []),
  },
  {
    code: 'body_hash_upper_case',
    message: 'The body hash was signed in upper case: write it as lowercase hex.',
    variants: () => [
      { hashBody: (body) => Buffer.from(digest('sha256', body).toString('hex').toUpperCase()) },
    ],
  },
  {
    code: 'body_hash_not_hex',
    message: 'The body hash was signed as base64 or as raw bytes: write it as lowercase hex.',
    variants: () => [
      { hashBody: (body) => Buffer.from(digest('sha256', body).toString('base64')) },
      { hashBody: (body) => Buffer.from(digest('sha256', body).toString('base64url')) },
      { hashBody: (body) => digest('sha256', body) },
    ],
  },
  {
    code: 'body_hash_other',
    message: 'The body was hashed with another function: use plain SHA-256.',
    variants: ({ key }) => [
      ...['sha512', 'sha384', 'sha1', 'md5'].map((algorithm) => ({
        hashBody: (body: Buffer) => Buffer.from(digest(algorithm, body).toString('hex')),
      })),
      { hashBody: (body) => Buffer.from(hmac('sha256')(key, body).toString('hex')) },
      {
        hashBody: (body) =>
          Buffer.from(digest('sha256', Buffer.from(digest('sha256', body).toString('hex'))).toString('hex')),
      },
    ],
  },
]);
