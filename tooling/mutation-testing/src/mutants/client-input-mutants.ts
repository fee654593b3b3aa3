import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

/** Ignores one problem of a target, a key id, a method or a timestamp, and signs. */
const target = (overlook: (target: string) => string) => () => ({
  isTarget: (text: string) => CLIENT.isTarget(overlook(text)),
});
const without = (...characters: readonly string[]) =>
  target((text) => characters.reduce((rest, character) => rest.replaceAll(character, ''), text));
const keyId = (overlook: (keyId: string) => string) => () => ({
  isKeyId: (text: string) => CLIENT.isKeyId(overlook(text)),
});

export const CLIENT_INPUT_MUTANTS = mutants<ClientParts>('signer: input', [
  ['signs-with-empty-secret', () => ({ isSecret: () => true }), 'sign-refuse-empty-secret'],
  ['signs-target-empty', target((t) => t || '/'), 'sign-refuse-target-empty'],
  ['signs-target-with-space', without(' '), 'sign-refuse-target-space'],
  ['signs-target-with-tab', without('\t'), 'sign-refuse-target-tab'],
  ['signs-target-with-line-feed', without('\n'), 'sign-refuse-target-line-feed'],
  ['signs-target-with-carriage-return', without('\r'), 'sign-refuse-target-carriage-return'],
  ['signs-target-with-nul', without('\0'), 'sign-refuse-target-nul'],
  ['signs-target-with-delete', without('\x7f'), 'sign-refuse-target-delete'],
  ['signs-target-with-fragment', without('#'), 'sign-refuse-target-fragment'],
  ['signs-target-with-backslash', without('\\'), 'sign-refuse-target-backslash'],
  [
    'signs-target-beyond-ascii',
    target((t) => t.replace(/[^\0-\x7f]/g, '')),
    'sign-refuse-target-latin1',
    'sign-refuse-target-unicode',
  ],
  ['signs-target-at-line-end', target((t) => t.replace(/\n$/, '')), 'sign-refuse-target-trailing-line-feed'],
  [
    'signs-target-absolute',
    target((t) => t.replace(/^https?:\/\/[^/]+/, '')),
    'sign-refuse-target-absolute-form',
  ],
  ['signs-target-without-slash', target((t) => `/${t.replace(/^\//, '')}`), 'sign-refuse-target-no-slash'],
  ['signs-target-with-two-slashes', target((t) => t.replace(/^\/+/, '/')), 'sign-refuse-target-two-slashes'],
  ['signs-target-asterisk', target((t) => (t === '*' ? '/' : t)), 'sign-refuse-target-asterisk'],
  ['signs-target-of-query-alone', target((t) => t.replace(/^\?/, '/?')), 'sign-refuse-target-only-query'],
  ['signs-for-empty-key-id', keyId((id) => id || 'k'), 'sign-refuse-key-id-empty'],
  ['signs-for-long-key-id', keyId((id) => id.slice(0, 128)), 'sign-refuse-key-id-129-characters'],
  ['signs-for-key-id-with-space', keyId((id) => id.replaceAll(' ', '')), 'sign-refuse-key-id-space'],
  [
    'signs-for-key-id-with-line-feed',
    keyId((id) => id.replace(/\r\n.*$/, '')),
    'sign-refuse-key-id-header-injection',
  ],
  [
    'signs-for-key-id-at-line-end',
    keyId((id) => id.replace(/\n$/, '')),
    'sign-refuse-key-id-trailing-line-feed',
  ],
  ['signs-for-key-id-with-colon', keyId((id) => id.replaceAll(':', '')), 'sign-refuse-key-id-colon'],
  ['signs-for-key-id-with-comma', keyId((id) => id.replaceAll(',', '')), 'sign-refuse-key-id-comma'],
  [
    'signs-for-key-id-beyond-ascii',
    keyId((id) => id.replace(/[^\0-\x7f]/g, '')),
    'sign-refuse-key-id-non-ascii',
  ],
  [
    'signs-empty-method',
    () => ({ isMethod: (m) => m === '' || CLIENT.isMethod(m) }),
    'sign-refuse-method-empty',
  ],
  [
    'signs-method-with-line-feed',
    () => ({ isMethod: (m) => CLIENT.isMethod(m.replaceAll('\n', '')) }),
    'sign-refuse-method-line-feed',
  ],
  [
    'signs-method-with-space',
    () => ({ isMethod: (m) => CLIENT.isMethod(m.split(' ')[0] ?? '') }),
    'sign-refuse-method-space',
  ],
  [
    'signs-negative-time',
    () => ({ isTimestamp: (t) => CLIENT.isTimestamp(t.replace('-', '')) }),
    'sign-refuse-timestamp-negative',
  ],
  [
    'signs-sixteen-digits-of-time',
    () => ({ isTimestamp: (t) => CLIENT.isTimestamp(t.slice(0, 15)) }),
    'sign-refuse-timestamp-sixteen-digits',
  ],
]);
