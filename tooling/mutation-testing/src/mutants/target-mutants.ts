import { SERVER, type ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';
import { without } from './order-mutants.ts';

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
    () => ({ reject: (a, step) => (step === 'target' ? { status: 404, message: 'Not found' } : a) }),
    'server-target-backslash',
  ],
  [
    'target-last-question-mark-dropped',
    () => ({ split: (target) => SERVER.split(target.replace(/\?$/, '')) }),
    'server-accept-query-last-question-mark',
    'server-replay-question-mark-after-query',
  ],
  [
    'target-question-marks-dropped',
    () => ({ query: (query) => query.replace(/^\?+/, '') }),
    'server-accept-query-double-question-mark',
    'server-tamper-query-question-mark-doubled',
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

/** The parser of the body leaves these content types unread, and the hash is that of no bytes. */
const withoutBody = (isUnread: (type: string) => boolean) => (): Partial<ServerParts> => ({
  signedRequest: (request) => {
    const [type = ''] = SERVER.getHeaderValues(request.headers, 'Content-Type');
    return isUnread(type) ? { ...request, body: Buffer.alloc(0) } : request;
  },
});

/** Some of the Content-Encoding headers. */
const ofEncoding =
  (choose: (values: readonly string[]) => readonly string[]) => (): Partial<ServerParts> => ({
    getHeaderValues: (headers, name) => {
      const values = SERVER.getHeaderValues(headers, name);
      return name === 'Content-Encoding' ? choose(values) : values;
    },
  });

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
  [
    'body-one-byte-is-none',
    () => ({ body: (body) => (body.length === 1 ? Buffer.alloc(0) : body) }),
    'server-accept-body-one-byte',
  ],
  [
    'body-hashed-only-if-json',
    withoutBody((type) => !type.startsWith('application/json')),
    'server-body-any-content-type',
  ],
  [
    'body-of-forms-not-hashed',
    withoutBody((type) => /^(?:multipart|application\/x-www-form)/.test(type)),
    'server-body-any-content-type',
  ],
  [
    'body-of-text-not-hashed',
    withoutBody((type) => type.startsWith('text/')),
    'server-body-any-content-type',
  ],
  ['body-without-type-not-hashed', withoutBody((type) => type === ''), 'server-body-any-content-type'],
  ['body-limit-100-kb', () => ({ bodyLimit: 100_000 }), 'server-body-limit'],
  ['body-limit-64-kib', () => ({ bodyLimit: 65_536 }), 'server-accept-body-65537-bytes'],
  [
    'body-limit-is-400',
    () => ({ reject: (a, step) => (step === 'size' ? { ...a, status: 400 } : a) }),
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
  [
    'encoding-first-counts',
    () => ({ isEncoding: (c) => /^(identity)?$/i.test(c.split(',')[0]?.trim() ?? '') }),
    'server-encoding-identity-gzip',
    'server-encoding-empty-element-gzip',
  ],
  [
    'encoding-first-header-counts',
    ofEncoding((values) => values.slice(0, 1)),
    'server-encoding-two-headers-gzip-last',
    'server-encoding-empty-header-gzip',
  ],
  [
    'encoding-last-header-counts',
    ofEncoding((values) => values.slice(-1)),
    'server-encoding-two-headers-gzip-first',
  ],
  [
    'encoding-by-prefix',
    () => ({ isEncoding: (c) => c === '' || /^identity/i.test(c) }),
    'server-encoding-identity-prefix',
    'server-encoding-identity-parameter',
  ],
  [
    'encoding-one-text',
    () => ({ isEncoding: (c) => c === 'identity' }),
    'server-encoding-identity-upper-case',
    'server-encoding-identity-listed',
    'server-encoding-identity-empty-element',
    'server-encoding-empty',
  ],
  [
    'encoding-once',
    () => ({
      isMalformed: SERVER.isMalformed,
      isEncoding: (c) => SERVER.isEncoding(c),
      getHeaderValues: (h, name) => {
        const values = SERVER.getHeaderValues(h, name);
        return name === 'Content-Encoding' && values.length > 1 ? ['gzip'] : values;
      },
    }),
    'server-encoding-identity-twice',
  ],
  ['encoding-identity-refused', () => ({ isEncoding: () => false }), 'server-encoding-identity'],
]);
