import { digest } from '../crypto/node.ts';
import { defineMistakes } from './find-mistakes.ts';

const AS_SHOWN = "use the secret's text exactly as it was shown";
const keys = (...texts: readonly string[]) => texts.map((text) => ({ key: Buffer.from(text) }));

// A text that cannot be decoded gives an empty key, which is another mistake: key_missing.
const decoded = (encoding: 'hex' | 'base64', ...texts: readonly string[]) =>
  texts.map((text) => ({ key: Buffer.from(text, encoding) })).filter(({ key }) => key.length > 0);

/** Mistakes with the secret. Wire protocol §1.2. */
export const keyMistakes = defineMistakes([
  {
    code: 'key_with_newline',
    message: `The secret was used with a newline at its end, as files and echo add one: ${AS_SHOWN}.`,
    variants: ({ key }) =>
      ['\n', '\r\n', '\r'].map((end) => ({ key: Buffer.concat([key, Buffer.from(end)]) })),
  },
  {
    code: 'key_with_spaces',
    message: `The secret was used with a space around it: ${AS_SHOWN}.`,
    variants: ({ key }) => keys(`${key} `, ` ${key}`, ` ${key} `),
  },
  {
    code: 'key_quoted',
    message: `The secret was used with quotes around it, as some environment files leave them: ${AS_SHOWN}.`,
    variants: ({ key }) => keys(`"${key}"`, `'${key}'`),
  },
  {
    code: 'key_trimmed',
    message: `White space that belongs to the secret was cut off: ${AS_SHOWN}.`,
    variants: ({ key }) => keys(`${key}`.trim(), `${key}`.trimEnd()),
  },
  {
    code: 'key_hex_decoded',
    message: `The secret was decoded from hex: ${AS_SHOWN}, as UTF-8 bytes.`,
    variants: ({ key }) => decoded('hex', `${key}`),
  },
  {
    code: 'key_base64_decoded',
    message: `The secret was decoded from base64: ${AS_SHOWN}, as UTF-8 bytes.`,
    variants: ({ key }) => decoded('base64', `${key}`, `${key}`.replace(/^[A-Za-z]+_/, '')),
  },
  {
    code: 'key_encoded',
    message: `The secret was encoded as hex or base64: ${AS_SHOWN}, as UTF-8 bytes.`,
    variants: ({ key }) => keys(key.toString('hex'), key.toString('base64'), encodeURIComponent(`${key}`)),
  },
  {
    code: 'key_hashed',
    message: `The secret was hashed before it was used: ${AS_SHOWN}.`,
    variants: ({ key }) => [
      { key: digest('sha256', key) },
      ...keys(digest('sha256', key).toString('hex'), digest('md5', key).toString('hex')),
    ],
  },
  {
    code: 'key_prefix_dropped',
    message: `The secret was used without its prefix: ${AS_SHOWN}.`,
    variants: ({ key }) => keys(`${key}`.replace(/^[^_-]+[_-]/, ''), `${key}`.replace(/^.*[_-]/, '')),
  },
  {
    code: 'key_case_changed',
    message: `The secret was used in lower or upper case: ${AS_SHOWN}.`,
    variants: ({ key }) => keys(`${key}`.toLowerCase(), `${key}`.toUpperCase()),
  },
  {
    code: 'key_charset_changed',
    message: `The secret was used in another character encoding: ${AS_SHOWN}, as UTF-8 bytes.`,
    variants: ({ key }) => [
      { key: Buffer.from(`${key}`, 'latin1') },
      { key: Buffer.from(`${key}`, 'utf16le') },
      ...keys(`${key}`.normalize('NFC'), `${key}`.normalize('NFD'), key.toString('latin1')),
    ],
  },
  {
    code: 'key_missing',
    message:
      'The secret was empty or undefined when the request was signed: check that its environment variable is set.',
    variants: () => keys('', 'undefined', 'null', 'None'),
  },
  {
    code: 'key_id_as_key',
    message:
      'The key id was used in place of the secret: sign with the secret, and send the key id in X-CPG-Key.',
    variants: ({ keyId }) => (keyId ? keys(keyId) : []),
  },
]);
