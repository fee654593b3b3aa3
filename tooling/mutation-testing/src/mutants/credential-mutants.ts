import { createHash } from 'node:crypto';
import { SERVER_KEYS } from '../reference/server-keys.ts';
import { type Arrived, SERVER, type ServerKey, type ServerParts } from '../reference/server-parts.ts';
import { SIGNING, signBy } from '../reference/signing-parts.ts';
import { mutants } from './mutant.ts';

type Arrive = ServerParts['arrive'];

const arriving = (arrive: Arrive) => (): Partial<ServerParts> => ({ arrive });

const NAMES = ['X-CPG-Key', 'X-CPG-Timestamp', 'X-CPG-Signature'];

const getValue = (request: Arrived, name: string): string | undefined =>
  SERVER.getHeaderValues(request.headers, name)[0];

/** Lets a request in as if it was signed with this key. */
const signedWith = (request: Arrived, { keyId, secret }: ServerKey): Arrived => {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = signBy(SIGNING, Buffer.from(secret), { ...request, timestamp });
  const others = request.headers.filter(([name]) => !/^x-cpg-/i.test(name));
  const own = [keyId, timestamp, signature].map((value, i) => [NAMES[i] ?? '', value] as const);
  return { ...request, headers: [...others, ...own] };
};

/** Believes `Authorization` about the key, given what it holds beside the scheme. */
const believing = (
  scheme: string,
  isOf: (credentials: string, key: ServerKey) => boolean,
  isAsked: (request: Arrived) => boolean = (request) => getValue(request, 'X-CPG-Signature') === undefined,
) =>
  arriving((request) => {
    const [given, credentials = ''] = (getValue(request, 'Authorization') ?? '').split(' ');
    const key = given === scheme ? SERVER_KEYS.find((each) => isOf(credentials, each)) : undefined;
    return key !== undefined && isAsked(request) ? signedWith(request, key) : request;
  });

const fromBase64 = (text: string): string => Buffer.from(text, 'base64').toString();

const isForged = (request: Arrived): boolean => /^a+$/.test(getValue(request, 'X-CPG-Signature') ?? '');

/** After one request with a key, further requests on its connection need these headers no longer. */
const rememberingConnections = (isEnough: (request: Arrived) => boolean) => (): Partial<ServerParts> => {
  const known = new WeakMap<object, ServerKey>();
  return {
    arrive: (request) => {
      const key = SERVER_KEYS.find(({ keyId }) => keyId === getValue(request, 'X-CPG-Key'));
      const before = known.get(request.connection);
      if (before !== undefined && isEnough(request)) return signedWith(request, before);
      if (key !== undefined) known.set(request.connection, key);
      return request;
    },
  };
};

/** Fills headers that are missing. */
const filling = (find: (request: Arrived, name: string) => string | undefined) =>
  arriving((request) => ({
    ...request,
    headers: [
      ...request.headers,
      ...NAMES.filter((name) => getValue(request, name) === undefined).flatMap((name) => {
        const value = find(request, name);
        return value === undefined ? [] : [[name, value] as const];
      }),
    ],
  }));

const inQuery = ({ target }: Arrived, name: string): string | undefined =>
  new RegExp(`[?&]${name}=([^&]*)`).exec(target)?.[1];

/** Takes the values from the query, which is signed without some of them. */
const signedUrl =
  (unsigned: RegExp): (() => Partial<ServerParts>) =>
  () => {
    const { arrive = SERVER.arrive } = filling(inQuery)();
    return {
      arrive: (request) => {
        const filled = arrive(request);
        return filled.headers.length === request.headers.length
          ? filled
          : { ...filled, target: filled.target.replaceAll(unsigned, '') };
      },
    };
  };

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

export const CREDENTIAL_MUTANTS = mutants<ServerParts>('credentials', [
  [
    'authorization-bearer-secret',
    believing('Bearer', (given, { secret }) => given === secret),
    'server-authorization-instead',
    'server-authorization-instead-of-signature',
  ],
  [
    'authorization-bearer-key-id',
    believing('Bearer', (given, { keyId }) => given === keyId),
    'server-authorization-instead',
  ],
  [
    'authorization-basic',
    believing('Basic', (given, { keyId, secret }) => fromBase64(given) === `${keyId}:${secret}`),
    'server-authorization-instead',
  ],
  [
    'authorization-basic-key-alone',
    believing('Basic', (given, { keyId }) => fromBase64(given).split(':')[0] === keyId),
    'server-authorization-instead',
  ],
  [
    'authorization-basic-for-signature',
    believing(
      'Basic',
      (given, { keyId, secret }) => fromBase64(given) === `${keyId}:${secret}`,
      (request) =>
        getValue(request, 'X-CPG-Timestamp') !== undefined &&
        getValue(request, 'X-CPG-Signature') === undefined,
    ),
    'server-authorization-instead-of-signature',
  ],
  [
    'authorization-outranks-signature',
    believing('Bearer', (given, { secret }) => given === secret, isForged),
    'server-authorization-beside-forged',
  ],
  [
    'authorization-rejected',
    () => ({
      getHeaderValues: (headers, name) =>
        SERVER.getHeaderValues(headers, 'Authorization').length > 0
          ? []
          : SERVER.getHeaderValues(headers, name),
    }),
    'server-authorization-no-effect',
  ],
  [
    'connection-authenticated-once',
    rememberingConnections((request) => getValue(request, 'X-CPG-Key') === undefined),
    'server-credentials-on-connection',
  ],
  [
    'connection-needs-key-alone',
    rememberingConnections((request) => getValue(request, 'X-CPG-Signature') === undefined),
    'server-credentials-on-connection',
  ],
  ['connection-signed-once', rememberingConnections(isForged), 'server-credentials-on-connection'],
  [
    'connection-keeps-key',
    rememberingConnections((request) => getValue(request, 'X-CPG-Key') === 'ck_demo_noperm'),
    'server-credentials-on-connection',
  ],
  [
    'credentials-from-cookies',
    filling(
      (request, name) => new RegExp(`(?:^|; )${name}=([^;]*)`).exec(getValue(request, 'Cookie') ?? '')?.[1],
    ),
    'server-credentials-in-other-places',
  ],
  ['credentials-from-query', signedUrl(/[?&]X-CPG-Signature=[^&]*/g), 'server-credentials-in-other-places'],
  [
    'credentials-from-query-unsigned',
    signedUrl(/&X-CPG-[A-Za-z]+=[^&]*/g),
    'server-credentials-in-other-places',
  ],
  [
    'credentials-from-trailers',
    filling(({ trailers }, name) => SERVER.getHeaderValues(trailers, name)[0]),
    'server-credentials-in-trailers',
  ],
  [
    'credentials-with-underscores',
    filling((request, name) => getValue(request, name.replaceAll('-', '_'))),
    'server-header-underscores',
  ],
  [
    'credentials-underscores-win',
    () => ({
      getHeaderValues: (headers, name) =>
        SERVER.getHeaderValues(
          headers.map(([each, value]) => [each.replaceAll('_', '-'), value] as const),
          name,
        ),
    }),
    'server-header-underscores',
    'server-header-underscores-beside',
  ],
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

const secretAs = (read: (secret: string) => Buffer) => (): Partial<ServerParts> => ({
  key: (secret) => read(secret.toString()),
});

const decodedIf = (pattern: RegExp, encoding: BufferEncoding) =>
  secretAs((secret) => Buffer.from(secret, pattern.test(secret) ? encoding : 'utf8'));

export const ODD_SECRET_MUTANTS = mutants<ServerParts>('odd secrets', [
  ['secret-trimmed', secretAs((secret) => Buffer.from(secret.trim())), 'server-odd-secret-spaces'],
  ['secret-from-hex', decodedIf(/^(?:[0-9a-f]{2})+$/, 'hex'), 'server-odd-secret-hex'],
  [
    'secret-from-base64',
    decodedIf(/^(?:[A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{2}==$/, 'base64'),
    'server-odd-secret-base64',
  ],
  ['secret-in-latin1', secretAs((secret) => Buffer.from(secret, 'latin1')), 'server-odd-secret-unicode'],
  [
    'secret-without-accents',
    secretAs((secret) => Buffer.from(secret.normalize('NFD').replace(/\p{M}/gu, ''))),
    'server-odd-secret-unicode',
  ],
  ['secret-cut-at-80', secretAs((secret) => Buffer.from(secret).subarray(0, 80)), 'server-odd-secret-long'],
]);
