import { createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import { createSigningKey, PERMISSIONS, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '@cpg/protocol';
import {
  type AdmissionStore,
  cpgAuth,
  memoryStore,
  redisStore,
  requirePermission,
  staticKeys,
} from '@cpg/server-middleware';
import express, { type Express, type RequestHandler } from 'express';
import Hawk from 'hawk';
import { HMAC } from 'hmac-auth-express';
import { createClient } from 'redis';
import { SECRET } from '../protocol/measure.ts';

export const KEY_ID = 'ck_example';
export const TARGET = '/v1/withdrawals';

/**
 * The protections of one JSON route; `bare` has none. `floor` verifies the signature of a CPG request with `node:crypto`, and has none
 * of the other checks.
 */
export const VARIANTS = ['bare', 'floor', 'cpg-memory', 'cpg-redis', 'hmac-auth-express', 'hawk'] as const;
/** Other packages for the same task, in another scheme. */
export const PEERS = ['hmac-auth-express', 'hawk'] as const satisfies readonly Variant[];
export type Variant = (typeof VARIANTS)[number];

const handler: RequestHandler = (request, response) => {
  response.json({ received: request.body.currency });
};

const protectWithCpg = (store: AdmissionStore): RequestHandler[] => {
  const keys = staticKeys([
    {
      keyId: KEY_ID,
      signingKeys: [createSigningKey(SECRET)],
      permissions: PERMISSIONS,
      rateLimitPerMinute: Number.MAX_SAFE_INTEGER,
      accountId: 'acct',
    },
  ]);
  return [cpgAuth({ keys, store }), requirePermission('withdraw')];
};

const protectWithFloor = (): RequestHandler[] => {
  const secret = createSecretKey(SECRET, 'utf8');
  const keepBytes = express.json({
    verify: (request, _response, bytes) => Object.assign(request, { bytes }),
  });
  const verify: RequestHandler = (request, response, next) => {
    const { bytes } = request as unknown as { readonly bytes: Buffer };
    const [path, query = ''] = request.originalUrl.split('?');
    const bodySha256 = hash('sha256', bytes, 'hex');
    const canonical = [request.get(TIMESTAMP_HEADER), request.method, path, query, bodySha256].join('\n');
    const expected = Buffer.from(createHmac('sha256', secret).update(canonical).digest('hex'), 'latin1');
    const received = Buffer.from(request.get(SIGNATURE_HEADER) ?? '', 'latin1');
    if (received.length === expected.length && timingSafeEqual(expected, received)) next();
    else response.sendStatus(401);
  };
  return [keepBytes, verify];
};

const protectWithHawk = (): RequestHandler[] => {
  const credentials = { id: KEY_ID, key: SECRET, algorithm: 'sha256', user: 'bench' } as const;
  const nonces = new Set<string>();
  const nonceFunc = async (_key: string, nonce: string) => {
    if (nonces.has(nonce)) throw new Error('replayed');
    nonces.add(nonce);
  };
  const keepText: RequestHandler = express.json({
    verify: (request, _response, bytes) => Object.assign(request, { text: bytes.toString() }),
  });
  const authenticate: RequestHandler = async (request, _response, next) => {
    const { text: payload } = request as unknown as { readonly text: string };
    await Hawk.server.authenticate(request, async () => credentials, { payload, nonceFunc } as never);
    next();
  };
  return [keepText, authenticate];
};

const connectRedis = async (url: string): Promise<AdmissionStore> => {
  const client = createClient({ url });
  await client.connect();
  return redisStore(client);
};

const createMiddlewares = async (variant: Variant, redisUrl: string): Promise<RequestHandler[]> => {
  switch (variant) {
    case 'bare':
      return [express.json()];
    case 'floor':
      return protectWithFloor();
    case 'cpg-memory':
      return protectWithCpg(memoryStore());
    case 'cpg-redis':
      return protectWithCpg(await connectRedis(redisUrl));
    case 'hmac-auth-express':
      return [express.json(), HMAC(SECRET)];
    case 'hawk':
      return protectWithHawk();
  }
};

/** An Express 5 app with one protected JSON route. The protection is on the route itself, because hawk reads `req.url`. */
export const createApp = async (variant: Variant, redisUrl: string): Promise<Express> => {
  const app = express();
  app.post(TARGET, ...(await createMiddlewares(variant, redisUrl)), handler);
  return app;
};
