import { SERVER_KEYS } from '../reference/server-keys.ts';
import { type Arrived, SERVER, type ServerKey, type ServerParts } from '../reference/server-parts.ts';
import { SIGNING, signBy } from '../reference/signing-parts.ts';
import { mutants } from './mutant.ts';

type Arrive = ServerParts['arrive'];

export const arriving = (arrive: Arrive) => (): Partial<ServerParts> => ({ arrive });

const NAMES = ['X-CPG-Key', 'X-CPG-Timestamp', 'X-CPG-Signature'];

export const getValue = (request: Arrived, name: string): string | undefined =>
  SERVER.getHeaderValues(request.headers, name)[0];

/** Lets a request in as if it was signed with this key. */
export const signedWith = (request: Arrived, { keyId, secret }: ServerKey): Arrived => {
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
  ['secret-cut-at-64', secretAs((secret) => Buffer.from(secret).subarray(0, 64)), 'server-odd-secret-long'],
  ['secret-cut-at-80', secretAs((secret) => Buffer.from(secret).subarray(0, 80)), 'server-odd-secret-long'],
]);
