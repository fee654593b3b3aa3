import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createSigningKey, isRejection, REJECTIONS } from '@cpg/protocol';
import {
  createSignature,
  NOW,
  type RequestParts,
  recordingLogger,
  SECRET,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it } from 'vitest';
import type { Admission } from '../admission/admission-store.ts';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { type CpgKey, staticKeys } from '../keys/key-store.ts';
import { authenticate, DECISION_CHANNEL } from './authenticate.ts';
import { type AuthenticateOptions, assertUsableOptions } from './authenticate-options.ts';
import type { DecisionTrace } from './decision-trace.ts';
import type { RequestToAuthenticate } from './request.ts';

const createRequest = (
  parts: RequestParts = {},
  overrides: Partial<RequestToAuthenticate> = {},
): RequestToAuthenticate => ({
  method: parts.method ?? 'GET',
  target: parts.sentTarget ?? parts.target ?? '/v1/_ping',
  rawHeaders: [
    ...['X-CPG-Key', parts.keyId ?? 'ck_full'],
    ...['X-CPG-Timestamp', String(parts.timestamp ?? NOW)],
    ...['X-CPG-Signature', createSignature(parts)],
  ],
  clientIp: () => '127.0.0.1',
  readBody: () => Buffer.from(parts.sentBody ?? parts.body ?? ''),
  ...overrides,
});

const createOptions = (overrides: Partial<AuthenticateOptions> = {}): AuthenticateOptions => {
  const clock = () => NOW * 1000 + 999;
  return { keys: staticKeys([testKey()]), store: memoryStore({ clock }), clock, ...overrides };
};

describe('authenticate', () => {
  it('returns who sent the request, and its body', async () => {
    const body = Buffer.from('{}');
    expect(await authenticate(createRequest({ body }), createOptions())).toEqual({
      principal: {
        keyId: 'ck_full',
        accountId: 'acct_1',
        permissions: testKey().permissions,
        timestamp: NOW,
      },
      body,
    });
  });

  it('judges the window by whole seconds of its clock', async () => {
    const at = (clockMs: number) =>
      authenticate(createRequest({ timestamp: NOW - 300 }), createOptions({ clock: () => clockMs }));
    expect(isRejection(await at(NOW * 1000 + 999))).toBe(false);
    expect(await at((NOW + 1) * 1000)).toBe(REJECTIONS.timestamp_outside_window);
  });

  it('takes the time of day when it is given no clock', async () => {
    const timestamp = Math.floor(Date.now() / 1000);
    const outcome = await authenticate(createRequest({ timestamp }), createOptions({ clock: undefined }));
    expect(outcome).toMatchObject({ principal: { timestamp } });
  });

  it('counts the rate of a route, and fails with a store that would ignore it', async () => {
    const rate = { id: 'GET /v1/_ping', limit: 0 };
    const request = createRequest({}, { limits: { rate } });
    expect(await authenticate(request, createOptions())).toBe(REJECTIONS.rate_limit_exceeded);
    const store = { admit: () => 'admitted' as const };
    await expect(authenticate(request, createOptions({ store }))).rejects.toThrow(
      'the admission store does not count routes (countsRoutes)',
    );
  });

  it('checks the signature against the signed target, if a proxy has changed it', async () => {
    const parts = { target: '/api/v1/x?a=1', sentTarget: '/v1/x?a=1' };
    const signed = createRequest(parts, { signedTarget: '/api/v1/x?a=1' });
    expect(await authenticate(signed, createOptions())).toMatchObject({ principal: { keyId: 'ck_full' } });
    expect(await authenticate(createRequest(parts), createOptions())).toBe(REJECTIONS.invalid_signature);
  });

  it('admits nothing that left the window while its body was read', async () => {
    const time = { seconds: NOW };
    const clock = () => time.seconds * 1000;
    const store = memoryStore({ clock });
    const slow = createRequest(
      { timestamp: NOW - 300 },
      {
        readBody: async () => {
          time.seconds += 1;
          return Buffer.alloc(0);
        },
      },
    );
    expect(await authenticate(slow, createOptions({ clock, store }))).toBe(
      REJECTIONS.timestamp_outside_window,
    );
    expect(store.size).toBe(0);
  });

  it('counts the rate by the epoch minute in which the request is admitted', async () => {
    const time = { seconds: NOW + 59 };
    const clock = () => time.seconds * 1000;
    const keys = staticKeys([testKey({ rateLimitPerMinute: 1 })]);
    const options = createOptions({ clock, keys, store: memoryStore({ clock }) });
    expect(isRejection(await authenticate(createRequest({ timestamp: NOW }), options))).toBe(false);
    expect(await authenticate(createRequest({ timestamp: NOW + 1 }), options)).toBe(
      REJECTIONS.rate_limit_exceeded,
    );
    time.seconds = NOW + 60;
    expect(isRejection(await authenticate(createRequest({ timestamp: NOW + 1 }), options))).toBe(false);
  });

  it('shares no rate between two keys of equal limits', async () => {
    const keys = staticKeys(['a', 'b'].map((keyId) => testKey({ keyId, rateLimitPerMinute: 1 })));
    const options = createOptions({ keys });
    expect(isRejection(await authenticate(createRequest({ keyId: 'a' }), options))).toBe(false);
    expect(isRejection(await authenticate(createRequest({ keyId: 'b' }), options))).toBe(false);
  });

  it('asks the stores nothing until headers, target and timestamp are in order', async () => {
    const asked: string[] = [];
    const noting = <Value>(name: string, value: Value) => {
      return () => {
        asked.push(name);
        return value;
      };
    };
    const options = createOptions({
      keys: { find: noting('key', undefined) },
      store: { admit: noting('admit', 'admitted' as const) },
    });
    const readBody = noting('body', Buffer.alloc(0));
    await authenticate(createRequest({}, { rawHeaders: [], readBody }), options);
    await authenticate(createRequest({ target: '//x' }, { readBody }), options);
    await authenticate(createRequest({ timestamp: NOW - 400 }, { readBody }), options);
    expect(asked).toEqual([]);
    await authenticate(createRequest({}, { readBody }), options);
    expect(asked).toEqual(['body', 'key']);
  });

  it.each([
    [
      'missing before malformed headers',
      { keyId: 'a,b' },
      { 'X-CPG-Signature': '' },
      'missing_authentication_headers',
    ],
    ['headers before target', { keyId: 'a,b', target: '//x' }, {}, 'malformed_authentication_headers'],
    ['target before timestamp', { target: '//x', timestamp: 1 }, {}, 'malformed_request_target'],
    [
      'timestamp before encoding',
      { timestamp: 1 },
      { 'Content-Encoding': 'gzip' },
      'timestamp_outside_window',
    ],
    ['encoding before body', {}, { 'Content-Encoding': 'gzip' }, 'content_encoding_not_supported'],
  ])('rejects %s', async (_what, parts, headers, code) => {
    const base = createRequest(parts, { readBody: () => REJECTIONS.body_too_large });
    const rawHeaders = [...base.rawHeaders];
    for (const [name, value] of Object.entries(headers)) {
      const position = rawHeaders.indexOf(name);
      if (position === -1) rawHeaders.push(name, value);
      else rawHeaders[position + 1] = value;
    }
    expect(await authenticate({ ...base, rawHeaders }, createOptions())).toMatchObject({ code });
  });

  it('checks body limit before signature, signature before address, address before replay', async () => {
    const readBody = () => REJECTIONS.body_too_large;
    expect(await authenticate(createRequest({ secret: 'x' }, { readBody }), createOptions())).toBe(
      REJECTIONS.body_too_large,
    );
    const keys = staticKeys([testKey({ sourceIps: ['203.0.113.1'] })]);
    expect(await authenticate(createRequest({ secret: 'x' }), createOptions({ keys }))).toBe(
      REJECTIONS.invalid_signature,
    );
    const store = { admit: () => 'replayed' as const };
    expect(await authenticate(createRequest(), createOptions({ keys, store }))).toBe(
      REJECTIONS.source_ip_not_whitelisted,
    );
    expect(await authenticate(createRequest(), createOptions({ store }))).toBe(
      REJECTIONS.signature_already_used,
    );
  });

  it('checks no whitelist against an unknown address', async () => {
    const keys = staticKeys([testKey({ sourceIps: ['0.0.0.0/0'] })]);
    const request = createRequest({}, { clientIp: () => undefined });
    await expect(authenticate(request, createOptions({ keys }))).rejects.toThrow(
      'The client address must be an IP address without port: got null.',
    );
  });

  it('rejects a key whose id differs from the requested one, as a database with a case-insensitive collation may return', async () => {
    const keys = { find: () => testKey({ keyId: 'CK_FULL' }) };
    expect(await authenticate(createRequest(), createOptions({ keys }))).toBe(REJECTIONS.invalid_signature);
  });

  it.each([
    ['no limit', { rateLimitPerMinute: undefined as unknown as number }],
    ['three secrets', { signingKeys: [1, 2, 3].map(() => createSigningKey(SECRET)) }],
  ])('serves no key with %s', async (_what, overrides: Partial<CpgKey>) => {
    const keys = { find: async () => testKey(overrides) };
    await expect(authenticate(createRequest(), createOptions({ keys }))).rejects.toMatchObject({
      code: 'invalid_key',
    });
  });

  it('does not blame the key for a body that is not bytes', async () => {
    const request = createRequest({}, { readBody: () => '{}' as unknown as Buffer });
    await expect(authenticate(request, createOptions())).rejects.toMatchObject({ code: 'invalid_body' });
  });

  it.each(['ok', 'constructor', undefined])('fails closed when a store decides %j', async (decision) => {
    const store = { admit: () => decision as Admission };
    expect(await authenticate(createRequest(), createOptions({ store }))).toBe(
      REJECTIONS.service_unavailable,
    );
  });

  it('takes the bytes of a body from any Uint8Array, and returns them as a Buffer', async () => {
    const bytes = new TextEncoder().encode('xx{"a":1}xx').subarray(2, -2);
    const request = createRequest({ method: 'POST', body: '{"a":1}' }, { readBody: () => bytes });
    const outcome = await authenticate(request, createOptions());
    expect('body' in outcome && outcome.body.toString('utf8')).toBe('{"a":1}');
  });

  it('signs the method in upper case', async () => {
    const request = createRequest({ method: 'POST' }, { method: 'post' });
    expect(isRejection(await authenticate(request, createOptions()))).toBe(false);
  });
});

describe('the decision trace', () => {
  const getTrace = async (request: RequestToAuthenticate, overrides: Partial<AuthenticateOptions> = {}) => {
    const traces: DecisionTrace[] = [];
    await authenticate(request, createOptions({ ...overrides, trace: (trace) => traces.push(trace) })).catch(
      () => {},
    );
    expect(traces).toHaveLength(1);
    return traces[0] as DecisionTrace;
  };

  it('names what was passed, with durations, and no secret', async () => {
    const trace = await getTrace(createRequest({ target: '/v1/x?user=alice', body: '{"pin":1}' }));
    expect(trace).toMatchObject({ keyId: 'ck_full', method: 'GET', path: '/v1/x', outcome: 'authenticated' });
    expect(trace.rejectedBy).toBeUndefined();
    expect(trace.passed.map(({ check }) => check)).toEqual([
      'headers',
      'target',
      'timestamp',
      'body',
      'key',
      'signature',
      'source_ip',
      'admission',
    ]);
    expect(trace.passed.every(({ ms }) => ms >= 0)).toBe(true);
    const text = JSON.stringify(trace);
    for (const secret of [
      SECRET,
      createSignature({ target: '/v1/x?user=alice', body: '{"pin":1}' }),
      'alice',
      'pin',
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  it.each([
    [createRequest({}, { rawHeaders: [] }), 'missing_authentication_headers', 'headers', undefined],
    [createRequest({ timestamp: 1 }), 'timestamp_outside_window', 'timestamp', undefined],
    // The secret may stand where the key id belongs.
    [createRequest({ keyId: SECRET }), 'invalid_signature', 'signature', undefined],
    [createRequest({ secret: 'x' }), 'invalid_signature', 'signature', 'ck_full'],
  ])('names the check that rejected the request', async (request, outcome, rejectedBy, keyId) => {
    expect(await getTrace(request)).toMatchObject({ outcome, rejectedBy });
    expect((await getTrace(request)).keyId).toBe(keyId);
    expect(JSON.stringify(await getTrace(request))).not.toContain(SECRET);
  });

  it('names the check during which a store failed', async () => {
    const keys = { find: () => Promise.reject(new Error('down')) };
    expect(await getTrace(createRequest(), { keys })).toMatchObject({
      outcome: 'error',
      errorCode: 'store_unavailable',
      rejectedBy: 'key',
    });
  });

  it('gets every request, and changes no decision, when the hook throws', async () => {
    const outcomes: unknown[] = [];
    const trace = ({ outcome }: DecisionTrace) => {
      outcomes.push(outcome);
      throw new Error('the hook is broken');
    };
    const logger = recordingLogger();
    const options = createOptions({ trace, logger });
    expect(isRejection(await authenticate(createRequest(), options))).toBe(false);
    expect(await authenticate(createRequest({ secret: 'x' }), options)).toBe(REJECTIONS.invalid_signature);
    expect(outcomes).toEqual(['authenticated', 'invalid_signature']);
    expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['callback_failed']);
    expect(logger.lines[0]?.message).toContain('trace failed: the hook is broken.');
  });

  it('is published on the diagnostics channel', async () => {
    const traces: unknown[] = [];
    const listener = (trace: unknown) => traces.push(trace);
    subscribe(DECISION_CHANNEL, listener);
    await authenticate(createRequest(), createOptions());
    unsubscribe(DECISION_CHANNEL, listener);
    await authenticate(createRequest(), createOptions());
    expect(traces).toMatchObject([{ outcome: 'authenticated' }]);
  });
});

describe('assertUsableOptions', () => {
  const good = createOptions();
  it.each([
    [undefined, 'keys must be a key store'],
    [{ ...good, keys: {} }, 'keys must be a key store'],
    [{ ...good, store: undefined }, 'store must be an admission store'],
    [{ ...good, bodyLimit: 0 }, 'bodyLimit must be a positive whole number: got 0.'],
    [{ ...good, bodyTimeoutMs: Number.NaN }, 'bodyTimeoutMs must be a positive whole number: got NaN.'],
    [{ ...good, storeTimeoutMs: 1.5 }, 'storeTimeoutMs must be a positive whole number: got 1.5.'],
  ])('rejects %#', (options, message) => {
    expect(() => assertUsableOptions(options as AuthenticateOptions)).toThrow(message);
  });
});
