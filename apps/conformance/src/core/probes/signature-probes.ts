import { SIGNATURE_HEADER } from '@cpg/protocol';
import { REJECTIONS } from '../rejections.ts';
import { type Probe, probes, type Recipe } from './probe.ts';

const resign = (change: (signature: string) => string): Recipe => ({
  headers: (headers) =>
    headers.map(([name, value]) => [name, name === SIGNATURE_HEADER ? change(value) : value]),
});

const row = (
  id: string,
  description: string,
  change: (signature: string) => string,
): Pick<Probe, 'id' | 'description' | 'craft'> => ({
  id: `signature-${id}`,
  description,
  craft: () => resign(change),
});

const flip = (text: string, ...positions: readonly number[]): string =>
  [...text].map((digit, i) => (positions.includes(i) ? (digit === '0' ? '1' : '0') : digit)).join('');

const toBase64 = (text: string): string => Buffer.from(text, 'hex').toString('base64');

/** Signatures that are nearly right. */
export const SIGNATURE_PROBES = probes(
  { group: 'signature', spec: '§1.1', expected: REJECTIONS.invalidSignature },
  [
    row('flip-first', 'the first digit changed', (s) => flip(s, 0)),
    row('flip-middle', 'a middle digit changed', (s) => flip(s, 32)),
    row('flip-last', 'the last digit changed', (s) => flip(s, 63)),
    row('flip-pair', 'two bytes changed by the same bits', (s) => flipBits(s, [3, 17])),
    row('flip-all', 'every bit changed', (s) => flipBits(s, [...Array(32).keys()])),
    row('swap', 'the two halves exchanged', (s) => s.slice(32) + s.slice(0, 32)),
    row('truncated-1', 'only one digit', (s) => s.slice(0, 1)),
    row('truncated-32', 'only the first half', (s) => s.slice(0, 32)),
    row('truncated-63', 'the last digit missing', (s) => s.slice(0, 63)),
    row('extended', 'one digit too many', (s) => `${s}0`),
    row('extended-zz', 'a suffix that is no hex', (s) => `${s}zz`),
    row('semicolon', 'a parameter after it', (s) => `${s};v=1`),
    row('comma', 'a comma after it', (s) => `${s},`),
    row('word-after', 'a space and a word after it', (s) => `${s} x`),
    row('no-break-space', 'a no-break space after it, which some languages trim', (s) => `${s}\u00a0`),
    row('no-break-space-before', 'a no-break space before it', (s) => `\u00a0${s}`),
    row('doubled', 'written twice', (s) => s + s),
    row('prefix', 'a scheme before it', (s) => `sha256=${s}`),
    row('hex-prefix', '0x before it', (s) => `0x${s}`),
    row('inner-space', 'a space inside', (s) => `${s.slice(0, 32)} ${s.slice(32)}`),
    row('quoted', 'in quotes', (s) => `"${s}"`),
    row('joined', 'two values joined by a comma', (s) => `${s}, ${s}`),
    row('upper-case', 'upper-case hex', (s) => s.toUpperCase()),
    row('mixed-case', 'one letter in upper case', (s) => s.replace(/[a-f]/, (c) => c.toUpperCase())),
    row('base64', 'base64 of the same bytes', toBase64),
    row('zeros', '64 zeros', () => '0'.repeat(64)),
    row('non-hex', '64 letters that are no hex', () => 'g'.repeat(64)),
    row('non-ascii', '64 bytes beyond ASCII', () => '\u00e9'.repeat(64)),
    row('word', 'a word', () => 'null'),
  ],
);

function flipBits(signature: string, bytes: readonly number[]): string {
  const changed = Buffer.from(signature, 'hex').map((byte, i) => (bytes.includes(i) ? byte ^ 0xff : byte));
  return Buffer.from(changed).toString('hex');
}

/** Keys and secrets that do not belong together. */
export const KEY_PROBES = probes({ group: 'key', spec: '§2', expected: REJECTIONS.invalidSignature }, [
  { id: 'key-unknown', description: 'an unknown key id', craft: () => ({ keyId: 'ck_unknown' }) },
  {
    id: 'key-unknown-128-characters',
    description: 'an unknown key id of the maximum length',
    craft: () => ({ keyId: 'k'.repeat(128) }),
  },
  {
    id: 'key-unknown-special-name',
    description: 'a key id that names a property of every object',
    craft: () => ({ keyId: '__proto__' }),
  },
  {
    id: 'key-id-upper-case',
    description: 'a key id in another case',
    craft: ({ keyId }) => ({ keyId: keyId.toUpperCase() }),
  },
  {
    id: 'key-id-shortened',
    description: 'a key id without its last letter',
    craft: ({ keyId }) => ({ keyId: keyId.slice(0, -1) }),
  },
  {
    id: 'key-secret-of-another',
    description: 'the secret of another key',
    craft: ({ otherSecret }) => ({ secret: otherSecret }),
  },
  {
    id: 'key-secret-trimmed',
    description: 'a secret without its last letter',
    craft: ({ secret }) => ({ secret: secret.subarray(0, -1) }),
  },
  {
    id: 'key-secret-extended',
    description: 'a secret with a line feed after it',
    craft: ({ secret }) => ({ secret: Buffer.concat([secret, Buffer.from('\n')]) }),
  },
  {
    id: 'key-secret-is-key-id',
    description: 'the key id as the secret',
    craft: ({ keyId }) => ({ secret: Buffer.from(keyId) }),
  },
]);
