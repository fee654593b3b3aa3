import { defineMistakes } from './mistake.ts';
import { digest, hmac } from './signing-steps.ts';

/** Mistakes with the fifth field of a request. Contract §1.2. */
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
