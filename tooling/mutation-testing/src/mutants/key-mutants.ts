import { SERVER_KEYS } from '../reference/server-keys.ts';
import { compareText, SERVER, type ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const lower = (text: string) => text.toLowerCase();

export const KEY_MUTANTS = mutants<ServerParts>('keys', [
  [
    'key-case-blind',
    () => ({ findKey: (keys, id) => SERVER.findKey(keys, lower(id)) }),
    'server-key-id-upper-case',
  ],
  [
    'key-prefix-found',
    () => ({
      findKey: (keys, id) =>
        SERVER.findKey(keys, id) ?? keys.find((k) => id.length > 4 && k.keyId.startsWith(id)),
    }),
    'server-key-id-shortened',
  ],
  [
    'key-unknown-passes',
    () => ({ findKey: (keys, id) => SERVER.findKey(keys, id) ?? keys[0] }),
    'server-key-unknown',
  ],
  [
    'key-unknown-says-so',
    () => ({
      findKey: (keys, id) => {
        const found = SERVER.findKey(keys, id);
        if (found === undefined) throw new Error('unknown key');
        return found;
      },
    }),
    'server-key-faults-look-alike',
  ],
  [
    'key-prototype-found',
    () => ({ findKey: (keys, id) => (id === '__proto__' ? keys[0] : SERVER.findKey(keys, id)) }),
    'server-key-unknown-special-name',
  ],
  [
    'key-revoked-passes',
    () => ({ findKey: (keys, id) => keys.find((k) => k.keyId === id) }),
    'server-key-revoked',
  ],
  [
    'key-revoked-says-so',
    () => ({
      findKey: (keys, id) => {
        const found = keys.find((k) => k.keyId === id);
        if (found?.isRevoked) throw new Error('revoked');
        return found;
      },
    }),
    'server-key-faults-look-alike',
  ],
  [
    'key-id-is-secret',
    () => ({
      findKey: (keys, id) => {
        const found = SERVER.findKey(keys, id);
        return found && { ...found, secret: id };
      },
    }),
    'server-key-secret-is-key-id',
    'server-accept-no-query',
  ],
  [
    'key-secret-trimmed',
    () => ({ compare: compareText, key: (secret) => secret.subarray(0, -1) }),
    'server-key-secret-trimmed',
  ],
  [
    'key-secret-with-line-feed',
    () => ({ key: (secret) => Buffer.concat([secret, Buffer.from('\n')]) }),
    'server-key-secret-extended',
  ],
  [
    'key-any-live-secret',
    anyLiveSecret(),
    'server-key-secret-of-another',
    'server-tamper-key-id',
    'server-replay-wrong-key-first',
  ],
]);

/** Accepts the secret of any key for any other. */
function anyLiveSecret(): () => Partial<ServerParts> {
  return () => ({
    findKey: (keys, id) => {
      const found = SERVER.findKey(keys, id);
      return found && { ...found, secret: `any of ${keys.length}` };
    },
    key: (secret) => secret,
    mac: (_key, canonical) => canonical,
    compare: (canonical, received) =>
      LIVE_SECRETS.some((secret) => compareText(SERVER.mac(Buffer.from(secret), canonical), received)),
  });
}

const LIVE_SECRETS = SERVER_KEYS.filter(({ isRevoked }) => !isRevoked).map(({ secret }) => secret);
