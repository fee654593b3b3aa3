import { digest, hmac } from '../crypto/node.ts';
import { defineMistakes } from './find-mistakes.ts';

const sha256 = (...parts: readonly Buffer[]): Buffer => digest('sha256', Buffer.concat(parts));
const hmacSha256 = hmac('sha256');

/** Mistakes in computing the signature of the message. Wire protocol §1.1. */
export const algorithmMistakes = defineMistakes([
  {
    code: 'arguments_swapped',
    message:
      'Secret and message were swapped: the secret is the key of the HMAC, the canonical string its message.',
    variants: () => [{ mac: (key, message) => hmacSha256(message, key) }],
  },
  {
    code: 'plain_sha256',
    message: 'A plain SHA-256 was computed: use HMAC-SHA256 with the secret as its key.',
    variants: () => [
      { mac: (_, message) => sha256(message) },
      { mac: (key, message) => sha256(key, message) },
      { mac: (key, message) => sha256(message, key) },
      { mac: (key, message) => sha256(message, Buffer.from('\n'), key) },
      { mac: (key, message) => sha256(key, Buffer.from('\n'), message) },
    ],
  },
  {
    code: 'other_hash_function',
    message: 'The HMAC was computed with another hash function: use HMAC-SHA256.',
    variants: () =>
      ['sha512', 'sha384', 'sha224', 'sha1', 'md5', 'sha3-256'].map((algorithm) => ({
        mac: hmac(algorithm),
      })),
  },
  {
    code: 'message_hashed_first',
    message: 'The canonical string was hashed before it was signed: sign the string itself.',
    variants: () => [
      { mac: (key, message) => hmacSha256(key, Buffer.from(sha256(message).toString('hex'))) },
      { mac: (key, message) => hmacSha256(key, sha256(message)) },
    ],
  },
  {
    code: 'message_encoded_first',
    message: 'The canonical string was encoded before it was signed: sign its UTF-8 bytes.',
    variants: () => [
      { mac: (key, message) => hmacSha256(key, Buffer.from(message.toString('base64'))) },
      { mac: (key, message) => hmacSha256(key, Buffer.from(message.toString('hex'))) },
      { mac: (key, message) => hmacSha256(key, Buffer.from(encodeURIComponent(message.toString()))) },
      { mac: (key, message) => hmacSha256(key, Buffer.from(JSON.stringify(message.toString()))) },
      { mac: (key, message) => hmacSha256(key, Buffer.from(message.toString(), 'utf16le')) },
    ],
  },
  {
    code: 'message_lower_case',
    message: 'The canonical string was put in lower or upper case before it was signed: sign it as it is.',
    variants: () => [
      { mac: (key, message) => hmacSha256(key, Buffer.from(message.toString().toLowerCase())) },
      { mac: (key, message) => hmacSha256(key, Buffer.from(message.toString().toUpperCase())) },
    ],
  },
]);
