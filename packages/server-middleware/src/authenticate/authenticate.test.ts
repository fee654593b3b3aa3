import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createSigningKey, isRejection, REJECTIONS } from '@cpg/protocol';
import { describe, expect, it } from 'vitest';
import { testKey } from '../../test/keys.ts';
import { recordingLogger } from '../../test/logger.ts';
import { NOW, type RequestParts, SECRET, signatureOf } from '../../test/signed-request.ts';
import type { Admission } from '../admission/admission-store.ts';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { type CpgKey, staticKeys } from '../keys/key-store.ts';
import {
  type AuthenticateOptions,
  assertUsableOptions,
  authenticate,
  DECISION_CHANNEL,
} from './authenticate.ts';
import type { DecisionTrace } from './decision-trace.ts';
import type { RequestToAuthenticate } from './request.ts';

const requestOf = (
  parts: RequestParts = {},
  overrides: Partial<RequestToAuthenticate> = {},
): RequestToAuthenticate => ({
  method: parts.method ?? 'GET',
  target: parts.sentTarget ?? parts.target ?? '/v1/_ping',
  rawHeaders: [
    ...['X-CPG-Key', parts.keyId ?? 'ck_full'],
    ...['X-CPG-Timestamp', String(parts.timestamp ?? NOW)],
    ...['X-CPG-Signature', signatureOf(parts)],
  ],
  clientIp: () => '127.0.0.1',
  readBody: () => Buffer.from(parts.sentBody ?? parts.body ?? ''),
  ...overrides,
});

const optionsOf = (overrides: Partial<AuthenticateOptions> = {}): AuthenticateOptions => {
  const clock = () => NOW * 1000 + 999;
  return { keys: staticKeys([testKey()]), store: memoryStore({ clock }), clock, ...overrides };
};

describe('authenticate', () => {
  it('returns who sent the request, and its body', async () => {
    const body = Buffer.from('{}');
    expect(await authenticate(requestOf({ body }), optionsOf())).toEqual({
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
      authenticate(requestOf({ timestamp: NOW - 300 }), optionsOf({ clock: () => clockMs }));
    expect(isRejection(await at(NOW * 1000 + 999))).toBe(false);
    expect(await at((NOW + 1) * 1000)).toBe(REJECTIONS.timestamp_outside_window);
  });

  it('takes the time of day when it is given no clock', async () => {
    const timestamp = Math.floor(Date.now() / 1000);
    const outcome = await authenticate(requestOf({ timestamp }), optionsOf({ clock: undefined }));
    expect(outcome).toMatchObject({ principal: { timestamp } });
  });

  it('admits nothing that left the window while its body was read', async () => {
    const time = { seconds: NOW };
    const clock = () => time.seconds * 1000;
    const store = memoryStore({ clock });
    const slow = requestOf(
      { timestamp: NOW - 300 },
      {
        readBody: async () => {
          time.seconds += 1;
          return Buffer.alloc(0);
        },
      },
    );
    expect(await authenticate(slow, optionsOf({ clock, store }))).toBe(REJECTIONS.timestamp_outside_window);
    expect(store.size).toBe(0);
  });

  it('counts the rate by the epoch minute in which the request is admitted', async () => {
    const time = { seconds: NOW + 59 };
    const clock = () => time.seconds * 1000;
    const keys = staticKeys([testKey({ rateLimitPerMinute: 1 })]);
    const options = optionsOf({ clock, keys, store: memoryStore({ clock }) });
    expect(isRejection(await authenticate(requestOf({ timestamp: NOW }), options))).toBe(false);
    expect(await authenticate(requestOf({ timestamp: NOW + 1 }), options)).toBe(
      REJECTIONS.rate_limit_exceeded,
    );
    time.seconds = NOW + 60;
    expect(isRejection(await authenticate(requestOf({ timestamp: NOW + 1 }), options))).toBe(false);
  });

  it('shares no rate between two keys of equal limits', async () => {
    const keys = staticKeys(['a', 'b'].map((keyId) => testKey({ keyId, rateLimitPerMinute: 1 })));
    const options = optionsOf({ keys });
    expect(isRejection(await authenticate(requestOf({ keyId: 'a' }), options))).toBe(false);
    expect(isRejection(await authenticate(requestOf({ keyId: 'b' }), options))).toBe(false);
  });

  it('asks the stores nothing until headers, target and timestamp are in order', async () => {
    const asked: string[] = [];
    const noting = <Value>(name: string, value: Value) => {
      return () => {
        asked.push(name);
        return value;
      };
    };
    const options = optionsOf({
      keys: { find: noting('key', undefined) },
      store: { admit: noting('admit', 'admitted' as const) },
    });
    const readBody = noting('body', Buffer.alloc(0));
    await authenticate(requestOf({}, { rawHeaders: [], readBody }), options);
    await authenticate(requestOf({ target: '//x' }, { readBody }), options);
    await authenticate(requestOf({ timestamp: NOW - 400 }, { readBody }), options);
    expect(asked).toEqual([]);
    await authenticate(requestOf({}, { readBody }), options);
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
  ])('answers %s', async (_what, parts, headers, code) => {
    const base = requestOf(parts, { readBody: () => REJECTIONS.body_too_large });
    const rawHeaders = [...base.rawHeaders];
    for (const [name, value] of Object.entries(headers)) {
      const position = rawHeaders.indexOf(name);
      if (position === -1) rawHeaders.push(name, value);
      else rawHeaders[position + 1] = value;
    }
    expect(await authenticate({ ...base, rawHeaders }, optionsOf())).toMatchObject({ code });
  });

  it('answers body limit before signature, signature before address, address before replay', async () => {
    const readBody = () => REJECTIONS.body_too_large;
    expect(await authenticate(requestOf({ secret: 'x' }, { readBody }), optionsOf())).toBe(
      REJECTIONS.body_too_large,
    );
    const keys = staticKeys([testKey({ sourceIps: ['203.0.113.1'] })]);
    expect(await authenticate(requestOf({ secret: 'x' }), optionsOf({ keys }))).toBe(
      REJECTIONS.invalid_signature,
    );
    const store = { admit: () => 'replayed' as const };
    expect(await authenticate(requestOf(), optionsOf({ keys, store }))).toBe(
      REJECTIONS.source_ip_not_whitelisted,
    );
    expect(await authenticate(requestOf(), optionsOf({ store }))).toBe(REJECTIONS.signature_already_used);
  });

  it('checks no whitelist against an unknown address', async () => {
    const keys = staticKeys([testKey({ sourceIps: ['0.0.0.0/0'] })]);
    const request = requestOf({}, { clientIp: () => undefined });
    await expect(authenticate(request, optionsOf({ keys }))).rejects.toThrow(
      'The client address must be an IP address without port: got null.',
    );
  });

  it('takes no key whose id differs from the one asked for, as a careless database may return', async () => {
    const keys = { find: () => testKey({ keyId: 'CK_FULL' }) };
    expect(await authenticate(requestOf(), optionsOf({ keys }))).toBe(REJECTIONS.invalid_signature);
  });

  it.each([
    ['no limit', { rateLimitPerMinute: undefined as unknown as number }],
    ['three secrets', { signingKeys: [1, 2, 3].map(() => createSigningKey(SECRET)) }],
  ])('serves no key with %s', async (_what, overrides: Partial<CpgKey>) => {
    const keys = { find: async () => testKey(overrides) };
    await expect(authenticate(requestOf(), optionsOf({ keys }))).rejects.toMatchObject({
      code: 'invalid_key',
    });
  });

  it('does not blame the key for a body that is not bytes', async () => {
    const request = requestOf({}, { readBody: () => '{}' as unknown as Buffer });
    await expect(authenticate(request, optionsOf())).rejects.toMatchObject({ code: 'invalid_body' });
  });

  it.each(['ok', 'constructor', undefined])('fails closed when a store decides %j', async (decision) => {
    const store = { admit: () => decision as Admission };
    expect(await authenticate(requestOf(), optionsOf({ store }))).toBe(REJECTIONS.service_unavailable);
  });

  it('signs the method in upper case', async () => {
    const request = requestOf({ method: 'POST' }, { method: 'post' });
    expect(isRejection(await authenticate(request, optionsOf()))).toBe(false);
  });
});

describe('the decision trace', () => {
  const traceOf = async (request: RequestToAuthenticate, overrides: Partial<AuthenticateOptions> = {}) => {
    const traces: DecisionTrace[] = [];
    await authenticate(request, optionsOf({ ...overrides, trace: (trace) => traces.push(trace) })).catch(
      () => {},
    );
    expect(traces).toHaveLength(1);
    return traces[0] as DecisionTrace;
  };

  it('names what was passed, with durations, and no secret', async () => {
    const trace = await traceOf(requestOf({ target: '/v1/x?user=alice', body: '{"pin":1}' }));
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
      signatureOf({ target: '/v1/x?user=alice', body: '{"pin":1}' }),
      'alice',
      'pin',
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  it.each([
    [requestOf({}, { rawHeaders: [] }), 'missing_authentication_headers', 'headers', undefined],
    [requestOf({ timestamp: 1 }), 'timestamp_outside_window', 'timestamp', undefined],
    // The secret may stand where the key id belongs.
    [requestOf({ keyId: SECRET }), 'invalid_signature', 'signature', undefined],
    [requestOf({ secret: 'x' }), 'invalid_signature', 'signature', 'ck_full'],
  ])('names the check that refused', async (request, outcome, rejectedBy, keyId) => {
    expect(await traceOf(request)).toMatchObject({ outcome, rejectedBy });
    expect((await traceOf(request)).keyId).toBe(keyId);
    expect(JSON.stringify(await traceOf(request))).not.toContain(SECRET);
  });

  it('names the check during which a store failed', async () => {
    const keys = { find: () => Promise.reject(new Error('down')) };
    expect(await traceOf(requestOf(), { keys })).toMatchObject({
      outcome: 'error',
      errorCode: 'store_unavailable',
      rejectedBy: 'key',
    });
  });

  it('is told of each request, and changes no decision, when the hook throws', async () => {
    const outcomes: unknown[] = [];
    const trace = ({ outcome }: DecisionTrace) => {
      outcomes.push(outcome);
      throw new Error('the hook is broken');
    };
    const logger = recordingLogger();
    const options = optionsOf({ trace, logger });
    expect(isRejection(await authenticate(requestOf(), options))).toBe(false);
    expect(await authenticate(requestOf({ secret: 'x' }), options)).toBe(REJECTIONS.invalid_signature);
    expect(outcomes).toEqual(['authenticated', 'invalid_signature']);
    expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['callback_failed']);
    expect(logger.lines[0]?.message).toContain('trace failed: the hook is broken.');
  });

  it('is published on the diagnostics channel', async () => {
    const traces: unknown[] = [];
    const listener = (trace: unknown) => traces.push(trace);
    subscribe(DECISION_CHANNEL, listener);
    await authenticate(requestOf(), optionsOf());
    unsubscribe(DECISION_CHANNEL, listener);
    await authenticate(requestOf(), optionsOf());
    expect(traces).toMatchObject([{ outcome: 'authenticated' }]);
  });
});

describe('assertUsableOptions', () => {
  const good = optionsOf();
  it.each([
    [undefined, 'keys must be a key store'],
    [{ ...good, keys: {} }, 'keys must be a key store'],
    [{ ...good, store: undefined }, 'store must be an admission store'],
    [{ ...good, bodyLimit: 0 }, 'bodyLimit must be a positive whole number: got 0.'],
    [{ ...good, bodyTimeoutMs: Number.NaN }, 'bodyTimeoutMs must be a positive whole number: got NaN.'],
    [{ ...good, storeTimeoutMs: 1.5 }, 'storeTimeoutMs must be a positive whole number: got 1.5.'],
  ])('refuses %#', (options, message) => {
    expect(() => assertUsableOptions(options as AuthenticateOptions)).toThrow(message);
  });
});
