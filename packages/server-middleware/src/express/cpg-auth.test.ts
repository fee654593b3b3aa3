import { createSigningKey } from '@cpg/protocol';
import { exchange } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  createSignature,
  NOW,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { staticKeys } from '../keys/key-store.ts';
import { type CpgAuthOptions, cpgAuth } from './cpg-auth.ts';

const KEYS = [
  testKey(),
  testKey({ keyId: 'ck_revoked', revoked: true }),
  testKey({ keyId: 'ck_listed', sourceIps: ['203.0.113.0/24'] }),
  testKey({ keyId: 'ck_local', sourceIps: ['127.0.0.0/8'] }),
  testKey({ keyId: 'ck_slow', rateLimitPerMinute: 2 }),
  testKey({
    keyId: 'ck_rotating',
    signingKeys: [createSigningKey('old-secret'), createSigningKey('new-secret')],
  }),
];

describe.each(EXPRESS_VERSIONS)('cpgAuth on %s', (_name, express) => {
  const start = (options: Partial<CpgAuthOptions> = {}) => {
    const clock = () => NOW * 1000;
    const app = express();
    app.use('/v1', cpgAuth({ keys: staticKeys(KEYS), store: memoryStore({ clock }), clock, ...options }));
    app.use('/v1', (request, response) => {
      response.json({ cpg: request.cpg, body: request.body, rawBody: request.rawBody?.toString('latin1') });
    });
    return serve(app);
  };

  it('hands over who sent the request, its bytes and its parsed body', async () => {
    const port = await start();
    const body = '{"amount": "1.10"}\n';
    const response = await exchange(port, signedRequest({ method: 'POST', target: '/v1/withdrawals', body }));
    expect(response.status).toBe(200);
    const seen = JSON.parse(response.body);
    expect(seen.cpg).toMatchObject({ keyId: 'ck_full', accountId: 'acct_1', timestamp: NOW });
    expect(seen.cpg.permissions).toHaveLength(8);
    expect(seen.body).toEqual({ amount: '1.10' });
    expect(seen.rawBody).toBe(body);
  });

  it.each([
    ['a GET without body', {}],
    ['the target byte for byte', { target: '/v1/a%2fb/%7Eu/../x;y?b=2&&a=1&b=%zz?c+d' }],
    ['a bare question mark as no query', { target: '/v1/_ping', sentTarget: '/v1/_ping?' }],
    ['a GET with body', { body: '{"a":1}' }],
    ['a DELETE with body', { method: 'DELETE', body: '[]' }],
    ['a query that prototypes would swallow', { target: '/v1/x?__proto__=x&constructor=y' }],
    ['exactly 300 s behind', { timestamp: NOW - 300 }],
    ['exactly 300 s ahead', { timestamp: NOW + 300 }],
    ['the old secret of two', { keyId: 'ck_rotating', secret: 'old-secret' }],
    ['the new secret of two', { keyId: 'ck_rotating', secret: 'new-secret' }],
    ['an address in the whitelist', { keyId: 'ck_local' }],
    ['Content-Encoding: identity', { body: '{}', headers: { 'Content-Encoding': 'identity' } }],
    ['any content type', { method: 'POST', body: '{}', headers: { 'Content-Type': 'text/plain' } }],
  ])('accepts %s', async (_what, parts) => {
    expect((await exchange(await start(), signedRequest(parts))).status).toBe(200);
  });

  it.each([
    ['no key header', { headers: { 'X-CPG-Key': null } }, 401, 'Missing authentication headers'],
    [
      'an empty timestamp header',
      { headers: { 'X-CPG-Timestamp': '' } },
      401,
      'Missing authentication headers',
    ],
    ['no signature header', { headers: { 'X-CPG-Signature': null } }, 401, 'Missing authentication headers'],
    [
      'a repeated key header',
      { headers: { 'x-cpg-key': 'ck_full' } },
      401,
      'Malformed authentication headers',
    ],
    ['a key id with a comma', { keyId: 'ck_full,x' }, 401, 'Malformed authentication headers'],
    ['an absolute target', { target: 'http://evil/v1/x' }, 400, 'Malformed request target'],
    ['a target with two slashes', { target: '//v1/x' }, 404, undefined],
    ['a fragment', { target: '/v1/x#y' }, 400, 'Malformed request target'],
    [
      'a timestamp 301 s behind',
      { timestamp: NOW - 301 },
      401,
      'Request timestamp is outside the allowed window',
    ],
    [
      'a timestamp 301 s ahead',
      { timestamp: NOW + 301 },
      401,
      'Request timestamp is outside the allowed window',
    ],
    ['milliseconds', { timestamp: NOW * 1000 }, 401, 'Request timestamp is outside the allowed window'],
    [
      'a gzipped body',
      { body: 'x', headers: { 'Content-Encoding': 'gzip' } },
      415,
      'Content-Encoding is not supported',
    ],
    [
      'two encodings',
      { body: 'x', headers: { 'Content-Encoding': 'identity', 'content-encoding': 'gzip' } },
      415,
      'Content-Encoding is not supported',
    ],
    ['an unknown key', { keyId: 'ck_nobody' }, 401, 'Invalid signature'],
    ['a revoked key', { keyId: 'ck_revoked' }, 401, 'Invalid signature'],
    ['a wrong secret', { secret: 'other' }, 401, 'Invalid signature'],
    ['another query', { target: '/v1/x?a=1', sentTarget: '/v1/x?a=2' }, 401, 'Invalid signature'],
    ['another body', { body: 'a', sentBody: 'b' }, 401, 'Invalid signature'],
    ['a body that was not signed', { sentBody: '{}' }, 401, 'Invalid signature'],
    [
      'an address outside the whitelist',
      { keyId: 'ck_listed' },
      403,
      'Source IP is not whitelisted for this API key',
    ],
  ])('rejects %s', async (_what, parts, status, message) => {
    const response = await exchange(await start(), signedRequest(parts));
    expect(response.status).toBe(status);
    if (message === undefined) return;
    expect(JSON.parse(response.body)).toEqual({ success: false, message });
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it.each([
    ['upper case', createSignature({}).toUpperCase()],
    ['a suffix', `${createSignature({})}zz`],
    ['a prefix', `sha256=${createSignature({})}`],
    ['63 digits', createSignature({}).slice(0, 63)],
  ])('rejects a signature in %s', async (_what, signature) => {
    const response = await exchange(
      await start(),
      signedRequest({ headers: { 'X-CPG-Signature': signature } }),
    );
    expect([response.status, response.body]).toEqual([
      401,
      '{"success":false,"message":"Invalid signature"}',
    ]);
  });

  it('admits a request once, and its copy never', async () => {
    const port = await start();
    expect((await exchange(port, signedRequest())).status).toBe(200);
    const copy = await exchange(port, signedRequest());
    expect(copy.status).toBe(401);
    expect(copy.body).toBe('{"success":false,"message":"Request signature has already been used"}');
  });

  it('neither a forgery nor a request over the limit uses up the signature or the quota', async () => {
    const port = await start();
    const send = (timestamp: number, tampering = {}) =>
      exchange(port, signedRequest({ keyId: 'ck_slow', timestamp, ...tampering }));
    expect((await send(NOW, { sentTarget: '/v1/_ping?x' })).status).toBe(401);
    expect((await send(NOW)).status).toBe(200);
    expect((await send(NOW)).status).toBe(401);
    expect((await send(NOW + 1)).status).toBe(200);
    const limited = await send(NOW + 2);
    expect([limited.status, limited.body]).toEqual([
      429,
      '{"success":false,"message":"Rate limit exceeded"}',
    ]);
    expect(Object.keys(limited.headers).filter((name) => /retry|ratelimit/.test(name))).toEqual([]);
  });

  it('responds with 503 and Retry-After when the store throws, and when it hangs', async () => {
    const logger = recordingLogger();
    const failing = await start({
      logger,
      store: { admit: () => Promise.reject(new Error('connection lost')) },
    });
    const hanging = await start({
      logger,
      storeTimeoutMs: 20,
      store: { admit: () => new Promise(() => {}) },
    });
    for (const port of [failing, hanging]) {
      const response = await exchange(port, signedRequest());
      expect(response.status).toBe(503);
      expect(response.body).toBe('{"success":false,"message":"Service temporarily unavailable"}');
      expect(response.headers['retry-after']).toBe('1');
    }
    expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['store_unavailable', 'store_deadline']);
  });
});
