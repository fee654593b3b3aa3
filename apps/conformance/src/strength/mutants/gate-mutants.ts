import { SERVER, type ServerParts, type Step } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const swapped =
  (first: Step, second: Step) =>
  (parts: ServerParts): Partial<ServerParts> => ({
    order: parts.order.map((step) => (step === first ? second : step === second ? first : step)),
  });

const without =
  (step: Step) =>
  (parts: ServerParts): Partial<ServerParts> => ({
    order: parts.order.filter((each) => each !== step),
  });

const first =
  (step: Step) =>
  (parts: ServerParts): Partial<ServerParts> => ({
    order: [step, ...parts.order.filter((each) => each !== step)],
  });

const trusting =
  (header: string, read: (value: string) => string = (value) => value) =>
  (): Partial<ServerParts> => ({
    isAddress: (key, request) => {
      const [value] = SERVER.valuesOf(request.headers, header);
      return SERVER.isAddress(key, value === undefined ? request : { ...request, address: read(value) });
    },
  });

export const TARGET_MUTANTS = mutants<ServerParts>('target', [
  [
    'target-unchecked',
    without('target'),
    'server-target-absolute-form',
    'server-target-fragment',
    'server-target-backslash',
    'server-target-two-slashes',
  ],
  [
    'target-absolute-allowed',
    () => ({ isTarget: (t) => SERVER.isTarget(t) || /^https?:/.test(t) }),
    'server-target-absolute-form',
    'server-target-absolute-form-https',
  ],
  [
    'target-fragment-stripped',
    () => ({ isTarget: (t) => SERVER.isTarget(t.split('#')[0] ?? '') }),
    'server-target-fragment',
    'server-target-fragment-in-path',
  ],
  [
    'target-backslash-allowed',
    () => ({ isTarget: (t) => SERVER.isTarget(t.replaceAll('\\', '/')) }),
    'server-target-backslash',
    'server-target-backslash-in-query',
  ],
  [
    'target-slashes-allowed',
    () => ({ isTarget: (t) => SERVER.isTarget(t.replace(/^\/+/, '/')) }),
    'server-target-two-slashes',
    'server-target-three-slashes',
  ],
  [
    'target-is-404',
    () => ({ refuse: (a, step) => (step === 'target' ? { status: 404, message: 'Not found' } : a) }),
    'server-target-backslash',
  ],
  [
    'target-escapes-refused',
    () => ({ isTarget: (t) => SERVER.isTarget(t) && !t.includes('%2') }),
    'server-accept-path-encoded-slash',
  ],
  [
    'target-stray-percent-refused',
    () => ({ isTarget: (t) => SERVER.isTarget(t) && !/%(?![0-9a-f]{2})/i.test(t) }),
    'server-accept-query-stray-percent',
  ],
  [
    'target-dots-refused',
    () => ({ isTarget: (t) => SERVER.isTarget(t) && !t.includes('/.') }),
    'server-accept-path-dots',
    'server-accept-path-single-dot',
  ],
]);

export const BODY_MUTANTS = mutants<ServerParts>('body', [
  [
    'body-limit-less-one',
    () => ({ bodyLimit: 1024 * 1024 - 1 }),
    'server-body-limit',
    'server-body-limit-chunked',
  ],
  [
    'body-limit-plus-one',
    () => ({ bodyLimit: 1024 * 1024 + 1 }),
    'server-body-limit-plus-1',
    'server-body-limit-plus-1-chunked',
  ],
  ['body-limit-100-kb', () => ({ bodyLimit: 100_000 }), 'server-body-limit'],
  ['body-limit-64-kib', () => ({ bodyLimit: 65_536 }), 'server-accept-body-65537-bytes'],
  [
    'body-limit-is-400',
    () => ({ refuse: (a, step) => (step === 'size' ? { ...a, status: 400 } : a) }),
    'server-body-limit-plus-1',
  ],
  [
    'encoding-unchecked',
    without('encoding'),
    'server-encoding-gzip',
    'server-encoding-br',
    'server-encoding-deflate',
    'server-encoding-x-unknown',
  ],
  [
    'encoding-gzip-allowed',
    () => ({ isEncoding: (c) => ['identity', 'gzip', 'GZIP'].includes(c) }),
    'server-encoding-gzip',
    'server-encoding-gzip-upper-case',
  ],
  [
    'encoding-last-counts',
    () => ({ isEncoding: (c) => c.split(', ').at(-1) === 'identity' }),
    'server-encoding-gzip-identity',
  ],
  ['encoding-identity-refused', () => ({ isEncoding: () => false }), 'server-encoding-identity'],
]);

export const ORDER_MUTANTS = mutants<ServerParts>('order', [
  ['order-malformed-first', first('malformed'), 'server-missing-key'],
  [
    'order-target-first',
    first('target'),
    'server-order-missing-then-target',
    'server-order-repeated-then-target',
  ],
  [
    'order-timestamp-first',
    first('timestamp'),
    'server-order-missing-then-timestamp',
    'server-order-key-id-then-timestamp',
    'server-order-target-then-timestamp',
  ],
  [
    'order-signature-first',
    first('signature'),
    'server-order-target-then-signature',
    'server-order-timestamp-then-signature',
    'server-order-timestamp-then-key',
    'server-order-encoding-then-signature',
  ],
  [
    'order-encoding-before-timestamp',
    swapped('encoding', 'timestamp'),
    'server-order-timestamp-then-encoding',
  ],
  ['order-size-before-timestamp', swapped('size', 'timestamp'), 'server-body-timestamp-before-too-large'],
  ['order-size-after-signature', swapped('size', 'signature'), 'server-body-too-large-before-signature'],
  ['order-address-before-signature', swapped('address', 'signature'), 'server-ip-after-signature'],
]);

export const ADDRESS_MUTANTS = mutants<ServerParts>('source IP', [
  ['ip-ignored', without('address'), 'server-ip-not-listed', 'server-ip-before-permission'],
  ['ip-forwarded-trusted', trusting('X-Forwarded-For'), 'server-ip-spoofed-x-forwarded-for'],
  [
    'ip-forwarded-standard-trusted',
    trusting('Forwarded', (v) => v.replace(/^for=/, '')),
    'server-ip-spoofed-forwarded',
  ],
  ['ip-real-ip-trusted', trusting('X-Real-IP'), 'server-ip-spoofed-x-real-ip'],
  ['ip-true-client-trusted', trusting('True-Client-IP'), 'server-ip-spoofed-true-client-ip'],
  ['ip-cf-trusted', trusting('CF-Connecting-IP'), 'server-ip-spoofed-cf-connecting-ip'],
  ['ip-everyone-listed', () => ({ isAddress: () => false }), 'server-accept-no-query'],
  [
    'ip-is-401',
    () => ({ refuse: (a, step) => (step === 'address' ? { status: 401, message: 'Invalid signature' } : a) }),
    'server-ip-not-listed',
  ],
]);

export const PERMISSION_MUTANTS = mutants<ServerParts>('permission', [
  [
    'permission-ignored',
    without('permission'),
    'server-permission-none-balances-list',
    'server-permission-readonly-withdrawals-create',
    'server-syntax-permission-first',
  ],
  [
    'permission-any',
    () => ({ hasPermission: (key) => key.permissions.length > 0 }),
    'server-permission-readonly-withdrawals-create',
    'server-permission-readonly-currencies-list',
  ],
  [
    'permission-writes-only',
    () => ({
      hasPermission: (key, permission, method) => method === 'GET' || key.permissions.includes(permission),
    }),
    'server-permission-none-balances-list',
    'server-permission-readonly-transactions-list',
  ],
  [
    'permission-reads-only',
    () => ({
      hasPermission: (key, permission, method) => method === 'POST' || key.permissions.includes(permission),
    }),
    'server-permission-readonly-withdrawals-create',
    'server-permission-none-depositaddresses-create',
  ],
  [
    'permission-read-for-all-reads',
    () => ({
      hasPermission: (key, permission, method) =>
        key.permissions.includes(permission) ||
        (method === 'GET' && key.permissions.includes('read_balance')),
    }),
    'server-permission-readonly-withdrawals-get',
    'server-permission-readonly-depositrequests-get',
    'server-permission-readonly-hotwallet-get',
  ],
  [
    'permission-withdraw-needs-all',
    () => ({
      hasPermission: (key, permission, method) =>
        method === 'POST' ? key.permissions.length > 8 : key.permissions.includes(permission),
    }),
    'server-permission-full-withdrawals-create',
    'server-permission-full-depositaddresses-create',
  ],
  [
    'permission-unnamed',
    () => ({ refuse: (a, step) => (step === 'permission' ? { ...a, message: 'Forbidden' } : a) }),
    'server-permission-none-balances-list',
  ],
  [
    'permission-full-lacks-reads',
    () => ({
      hasPermission: (key, permission, method) => method !== 'GET' && key.permissions.includes(permission),
    }),
    'server-permission-full-balances-list',
    'server-permission-readonly-balances-list',
  ],
]);

export const ENVELOPE_MUTANTS = mutants<ServerParts>('envelope', [
  [
    'envelope-with-detail',
    () => ({ envelope: (message) => ({ success: false, message, detail: 'more' }) }),
    'server-signature-flip-first',
    'server-route-unknown',
  ],
  [
    'envelope-with-data',
    () => ({ envelope: (message) => ({ success: false, message, data: null }) }),
    'server-missing-all',
  ],
  ['envelope-without-success', () => ({ envelope: (message) => ({ message }) }), 'server-missing-all'],
  [
    'envelope-success-true',
    () => ({ envelope: (message) => ({ success: true, message }) }),
    'server-missing-all',
  ],
  [
    'envelope-plain-json-type',
    () => ({ headers: () => ({ 'content-type': 'application/json' }) }),
    'server-missing-all',
    'server-accept-no-query',
  ],
  ['envelope-echoes-signature', echoing(), 'server-key-no-echo'],
  [
    'allow-missing',
    () => ({ headers: (status) => (status === 405 ? { allow: '' } : {}) }),
    'server-route-other-method',
  ],
]);

/** Says in the refusal what the signature should have been, as a helpful developer might. */
function echoing(): () => Partial<ServerParts> {
  return () => {
    let expectedLast = '';
    return {
      compare: (expected, received) => {
        expectedLast = expected;
        return expected === received;
      },
      headers: (status) => (status === 401 ? { 'x-expected': expectedLast } : {}),
    };
  };
}
