import { createHash } from 'node:crypto';
import { SERVER_KEYS } from '../reference/server-keys.ts';
import { type Arrived, SERVER, type ServerParts } from '../reference/server-parts.ts';
import { SIGNING } from '../reference/signing-parts.ts';
import { arriving, getValue, signedWith } from './credential-mutants.ts';
import { mutants } from './mutant.ts';

/** Signs the hash in this header in place of the body's own. */
const hashFrom =
  (name: string, read: (value: string) => string = (value) => value) =>
  (): Partial<ServerParts> => ({
    signedRequest: (request) => {
      const value = getValue(request, name);
      return value === undefined ? request : { ...request, body: Buffer.from(`hash ${read(value)}`) };
    },
    bodyHash: (body) =>
      body.toString('latin1', 0, 5) === 'hash ' ? body.toString('latin1', 5) : SIGNING.bodyHash(body),
  });

const toHex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

const HASH_NAMES = [
  'X-Content-SHA256',
  'X-Content-Hash',
  'X-Body-SHA256',
  'X-CPG-Content-SHA256',
  'X-CPG-Body-SHA256',
];

/** Another method or target, from a header. */
const overridden = (
  names: readonly string[],
  change: (request: Arrived, value: string) => Partial<Arrived>,
): (() => Partial<ServerParts>) =>
  arriving((request) => {
    const value = names.map((name) => getValue(request, name)).find((each) => each !== undefined);
    return value === undefined ? request : { ...request, ...change(request, value) };
  });

/** The override is routed, but what was sent is signed. */
const routedOnly =
  (names: readonly string[], change: (request: Arrived, value: string) => Partial<Arrived>) =>
  (): Partial<ServerParts> => {
    const sent = new WeakMap<Arrived, Arrived>();
    return {
      arrive: (request) => {
        const changed = overridden(names, change)().arrive?.(request) ?? request;
        sent.set(changed, request);
        return changed;
      },
      signedRequest: (request) => sent.get(request) ?? request,
    };
  };

const method = (_request: Arrived, value: string) => ({ method: value.toUpperCase() });
const target = (_request: Arrived, value: string) => ({ target: value });
const prefixed = (request: Arrived, value: string) => ({ target: `${value}${request.target}` });

const METHOD_HEADERS = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'];

const isMethod =
  (name: string) =>
  (request: Arrived): boolean =>
    request.method === name;

/** Authentication does not apply to this method. */
const open = (name: string) =>
  arriving((request) => {
    const [key] = SERVER_KEYS;
    return isMethod(name)(request) && key !== undefined && getValue(request, 'X-CPG-Key') === undefined
      ? signedWith(request, key)
      : request;
  });

/** Takes bodies with this text or type for none. */
const unhashed = (isUnhashed: (request: Arrived) => boolean) => (): Partial<ServerParts> => ({
  signedRequest: (request) => (isUnhashed(request) ? { ...request, body: Buffer.alloc(0) } : request),
});

const isType =
  (pattern: RegExp) =>
  (request: Arrived): boolean =>
    pattern.test(getValue(request, 'Content-Type') ?? 'none');

const isText =
  (...texts: readonly string[]) =>
  ({ body }: Arrived): boolean =>
    texts.includes(body.toString());

/** Headers that replace a signed field, methods that are answered by themselves, and bodies that are left out. */
export const OVERRIDE_MUTANTS = mutants<ServerParts>('credentials', [
  ...HASH_NAMES.map(
    (name) =>
      [
        `hash-from-${name.toLowerCase()}`,
        hashFrom(name),
        `server-hash-header-${name.toLowerCase()}`,
      ] as const,
  ),
  [
    'hash-from-x-amz-content-sha256',
    hashFrom('X-Amz-Content-SHA256'),
    'server-hash-header-x-amz-content-sha256',
    'server-hash-header-no-effect',
  ],
  [
    'hash-from-digest',
    hashFrom('Digest', (value) => toHex(value.replace(/^SHA-256=/i, ''))),
    'server-hash-header-digest',
  ],
  [
    'hash-from-content-digest',
    hashFrom('Content-Digest', (value) => toHex(/:(.*):/.exec(value)?.[1] ?? '')),
    'server-hash-header-content-digest',
  ],
  [
    'hash-unsigned-payload',
    unhashed((request) => getValue(request, 'X-Amz-Content-SHA256') === 'UNSIGNED-PAYLOAD'),
    'server-hash-header-unsigned-payload',
  ],
  [
    'hash-checked-against-digest',
    () => ({
      isTooLarge: (request, limit) => {
        const digest = getValue(request, 'Digest');
        const own = `SHA-256=${createHash('sha256').update(request.body).digest('base64')}`;
        return SERVER.isTooLarge(request, limit) || (digest !== undefined && digest !== own);
      },
    }),
    'server-hash-header-no-effect',
  ],
  [
    'method-from-header',
    overridden(METHOD_HEADERS, method),
    'server-method-header-believed',
    'server-method-header-no-effect',
  ],
  [
    'method-from-header-for-post',
    overridden(METHOD_HEADERS.slice(0, 1), (request, value) =>
      request.method === 'POST' ? method(request, value) : {},
    ),
    'server-method-header-believed',
    'server-method-header-no-effect',
  ],
  ['method-routed-by-header', routedOnly(METHOD_HEADERS, method), 'server-method-header-no-effect'],
  ...['X-Original-URL', 'X-Rewrite-URL', 'X-Original-URI', 'X-Forwarded-Uri'].map(
    (name) =>
      [
        `url-from-${name.toLowerCase()}`,
        overridden([name], target),
        'server-url-header-believed',
        'server-url-header-no-effect',
      ] as const,
  ),
  ['url-routed-by-header', routedOnly(['X-Rewrite-URL'], target), 'server-url-header-no-effect'],
  ['url-with-forwarded-prefix', overridden(['X-Forwarded-Prefix'], prefixed), 'server-url-header-prefix'],
  [
    'head-is-get',
    arriving((request) => (isMethod('HEAD')(request) ? { ...request, method: 'GET' } : request)),
    'server-head-under-get',
    'server-head-signed',
  ],
  [
    'head-routed-as-get',
    routedOnly(['Host'], (request) => (isMethod('HEAD')(request) ? { method: 'GET' } : {})),
    'server-head-signed',
  ],
  ['head-open', open('HEAD'), 'server-head-unsigned'],
  ['options-open', open('OPTIONS'), 'server-options-unsigned'],
  [
    'options-is-get',
    arriving((request) => (isMethod('OPTIONS')(request) ? { ...request, method: 'GET' } : request)),
    'server-options-under-get',
    'server-options-signed',
  ],
  ['body-of-xml-not-hashed', unhashed(isType(/xml/)), 'server-body-tampered-any-content-type'],
  ['body-of-json-variants-not-hashed', unhashed(isType(/\+json/)), 'server-body-tampered-any-content-type'],
  ['body-with-charset-not-hashed', unhashed(isType(/charset/)), 'server-body-tampered-any-content-type'],
  ['body-of-bytes-not-hashed', unhashed(isType(/octet/)), 'server-body-tampered-any-content-type'],
  ['body-empty-object-is-none', unhashed(isText('{}')), 'server-body-blank-added'],
  ['body-falsy-is-none', unhashed(isText('null', '0', 'false', '""')), 'server-body-blank-added'],
  ['body-blank-is-none', unhashed(({ body }) => body.toString().trim() === ''), 'server-body-blank-added'],
]);
