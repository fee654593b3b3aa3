import { ANSWERS } from '../core/answers.ts';
import { probes } from './probe.ts';

/** Keys and secrets that do not belong together. */
export const KEY_PROBES = probes({ group: 'key', spec: '§2', expected: ANSWERS.invalidSignature }, [
  { id: 'key-unknown', description: 'a key id that nobody has', craft: () => ({ keyId: 'ck_nobody' }) },
  {
    id: 'key-unknown-128-characters',
    description: 'the longest key id, of nobody',
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
