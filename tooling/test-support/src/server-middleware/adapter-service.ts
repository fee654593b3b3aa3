import { defineEndpoint, endpoints, REJECTIONS } from '@cpg/protocol';
import {
  type AdmissionStore,
  type CpgKey,
  type KeyStore,
  memoryStore,
  RejectionError,
  type Route,
  route,
  staticKeys,
} from '@cpg/server-middleware/core';
import { NOW, recordingLogger, testKey } from './fixtures.ts';

const KEYS: readonly CpgKey[] = [
  testKey(),
  testKey({ keyId: 'ck_none', permissions: [] }),
  testKey({ keyId: 'ck_revoked', revoked: true }),
  testKey({ keyId: 'ck_elsewhere', sourceIps: ['203.0.113.0/24'] }),
  testKey({ keyId: 'ck_here', sourceIps: ['127.0.0.0/8', '::1'] }),
  testKey({ keyId: 'ck_once', rateLimitPerMinute: 1 }),
  testKey({ keyId: 'ck_store_down' }),
  testKey({ keyId: 'ck_upload', permissions: ['uploads:write'] }),
  testKey({ keyId: 'ck_uploads', permissions: ['uploads:write'] }),
];

const clock = () => NOW * 1000;

/** Fails for one key each, as databases do. */
const createStores = (): { readonly keys: KeyStore; readonly store: AdmissionStore } => {
  const known = staticKeys(KEYS);
  const memory = memoryStore({ clock });
  const down = () => {
    throw new Error('connect ECONNREFUSED');
  };
  return {
    keys: { find: (keyId) => (keyId === 'ck_keys_down' ? down() : known.find(keyId)) },
    store: {
      countsRoutes: true,
      admit: (request) => (request.keyId === 'ck_store_down' ? down() : memory.admit(request)),
    },
  };
};

const BALANCE = { network: 'ETH', balance: '1.50', held: '0.50', available: '1.00' };

/** An endpoint of the service's own, with limits of its own. */
const upload = defineEndpoint({
  ...endpoints.createWithdrawal,
  name: 'uploads.create',
  summary: 'Upload',
  method: 'PUT',
  path: '/v1/uploads/{withdrawal_id}',
  permission: 'uploads:write',
  pathParameters: endpoints.getWithdrawal.pathParameters,
  body: null,
  response: endpoints.ping.response,
});

/** Routes that every framework serves; they need no request of one. */
const ROUTES: readonly Route[] = [
  route(endpoints.ping, () => ({ pong: true }) as const),
  route(endpoints.listBalances, ({ query }) => [{ ...BALANCE, currency: query.currency ?? 'USDT' }]),
  route(endpoints.createWithdrawal, () => {
    throw new RejectionError(REJECTIONS.insufficient_available_balance);
  }),
  route(endpoints.listCurrencies, () => {
    throw new Error('relation "currencies" does not exist');
  }),
  route(upload, () => ({ pong: true }) as const, { bodyLimit: 2_000_000, rateLimitPerMinute: 1 }),
];

/** The options and routes that a framework's server is started with, for {@link ADAPTER_CASES}. */
export const createAdapterService = () => {
  const logger = recordingLogger();
  const options = { ...createStores(), clock, logger, bodyTimeoutMs: 2_000, routes: ROUTES };
  return { routes: ROUTES, options };
};

export type AdapterService = ReturnType<typeof createAdapterService>;

/** What `/own/echo`, a route of the framework itself, responds with: the sender, the signed bytes and the parsed body. */
export const formatEcho = ({ cpg, rawBody, body }: EchoParts): string =>
  JSON.stringify({ keyId: cpg.keyId, rawBody: Buffer.from(rawBody).toString('latin1'), body });

interface EchoParts {
  readonly cpg: { readonly keyId: string };
  readonly rawBody: Uint8Array;
  readonly body: unknown;
}
