import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { signRequest } from '../signing/sign-request.ts';
import { createSigningKey } from '../signing/signing-key.ts';
import { type FindingCode, REQUEST_MISTAKES, WEBHOOK_MISTAKES } from './catalogue.ts';
import { explainMismatch, explainWebhookMismatch, findClockMistake } from './explain-mismatch.ts';
import type { Finding } from './find-mistakes.ts';

interface Vector {
  readonly id: string;
  readonly kind: 'request' | 'webhook';
  readonly secretB64: string;
  readonly keyId?: string;
  readonly host?: string;
  readonly now: number;
  readonly combinations?: boolean;
  readonly timestamp: string;
  readonly method: string;
  readonly target: string;
  readonly bodyB64: string;
  readonly signature: string;
  readonly findings: readonly FindingCode[];
}

// Written by generators/explain_mismatch.py, which makes every mistake with Python's standard library.
const file = new URL('../../vectors/explain-mismatch.json', import.meta.url);
const { count, vectors } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly count: number;
  readonly vectors: readonly Vector[];
};

const explain = (vector: Vector): Finding<FindingCode>[] => {
  const { signature, now, combinations, ...received } = vector;
  const key = createSigningKey(Buffer.from(vector.secretB64, 'base64').toString());
  const parts = { ...received, body: Buffer.from(vector.bodyB64, 'base64') };
  return vector.kind === 'request'
    ? explainMismatch({ key, signature, now, combinations, request: parts })
    : explainWebhookMismatch({ key, signature, now, combinations, webhook: parts });
};

const codesOf = (findings: readonly Finding[]) => findings.map(({ code }) => code);

describe('vectors/explain-mismatch.json', () => {
  it.each(vectors)('$id: $findings', (vector) => {
    expect(codesOf(explain(vector))).toEqual(vector.findings);
  });

  it('has a vector for every mistake', () => {
    const known = [...REQUEST_MISTAKES, ...WEBHOOK_MISTAKES].flat().map(({ code }) => code);
    const covered = new Set<string>(vectors.flatMap(({ findings }) => findings));
    expect([...new Set(known)].filter((code) => !covered.has(code))).toEqual([]);
    expect(covered.size).toBeGreaterThan(60);
    expect(vectors).toHaveLength(count);
  });
});

describe('a finding', () => {
  const findings = vectors.flatMap((vector) => explain(vector).map((finding) => ({ vector, finding })));

  it('is one sentence, the mistake before the fix', () => {
    for (const { finding } of findings) expect(finding.message).toMatch(/^[A-Z][^\n]*: [^\n]+\.$/);
  });

  it('holds neither the secret nor a signature', () => {
    for (const { vector, finding } of findings) {
      const text = JSON.stringify(finding);
      expect(text).not.toContain('DO-NOT-USE');
      expect(text).not.toContain(vector.signature);
      expect(text).not.toMatch(/[0-9a-f]{32}/i);
    }
  });

  it('has a code of its type', () => {
    expectTypeOf<'query_sorted' | 'timestamp_stale' | 'signature_base64'>().toExtend<FindingCode>();
    expectTypeOf<FindingCode>().not.toEqualTypeOf<string>();
  });
});

const key = createSigningKey('cpg-example-secret-DO-NOT-USE-IN-PRODUCTION');
const request = { method: 'GET', target: '/v1/balances', timestamp: '1747444800' };

describe('explainMismatch', () => {
  it('finds nothing wrong with a correct signature, with or without a clock', () => {
    const { signature } = signRequest({ ...request, keyId: 'k', key, timestamp: 1747444800 });
    expect(explainMismatch({ key, request, signature })).toEqual([]);
    expect(explainMismatch({ key, request, signature, now: 1747444800 })).toEqual([]);
  });

  it('names the distance to the clock', () => {
    const { signature } = signRequest({ ...request, keyId: 'k', key, timestamp: 1747444800 });
    expect(explainMismatch({ key, request, signature, now: 1747445200 })).toEqual([
      {
        code: 'timestamp_stale',
        message:
          "The signature is right, but the timestamp is 400 seconds behind the server's clock, more than the allowed 300: correct the clock, and sign each attempt again.",
      },
    ]);
  });

  it('never explains a random signature', () => {
    const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 64 });
    fc.assert(
      fc.property(
        fc.oneof(hex, fc.base64String({ minLength: 44, maxLength: 44 }), fc.string()),
        (signature) => {
          expect(explainMismatch({ key, request, signature })).toEqual([]);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('tries neither broad mistakes nor combinations on a large body', () => {
    const body = Buffer.alloc(65_537, 'a');
    const sign = (timestamp: number) =>
      signRequest({ ...request, keyId: 'k', key, body, timestamp }).signature;
    const explainWith = (signature: string) =>
      codesOf(explainMismatch({ key, request: { ...request, body }, signature, combinations: true }));
    expect(explainWith(sign(1747444801))).toEqual([]);
    expect(explainWith(sign(1747444800000))).toEqual(['timestamp_milliseconds_signed']);
  });

  it.each([
    ['32 levels', `${'['.repeat(32)}${']'.repeat(32)}`, ['body_reserialised']],
    ['33 levels', `${'['.repeat(33)}${']'.repeat(33)}`, []],
    ['33 levels behind brackets in a text', `["\\"]]]]",${'['.repeat(32)}${']'.repeat(32)}]`, []],
    ['objects one after another', `[${'{"a":[]},'.repeat(33)}1]`, ['body_reserialised']],
  ])('looks for an indented body of %s, unless it is too deep', (_, text, codes) => {
    const body = Buffer.from(text);
    const pretty = Buffer.from(JSON.stringify(JSON.parse(text), null, 2));
    const { signature } = signRequest({ ...request, keyId: 'k', key, body: pretty, timestamp: 1747444800 });
    expect(codesOf(explainMismatch({ key, request: { ...request, body }, signature }))).toEqual(codes);
  });

  it('throws without a key or a body', () => {
    const mismatch = { key, request, signature: '0'.repeat(64) };
    expect(() => explainMismatch({ ...mismatch, key: 'secret' as never })).toThrow(
      expect.objectContaining({ code: 'invalid_secret' }),
    );
    expect(() => explainMismatch({ ...mismatch, request: { ...request, body: '{}' as never } })).toThrow(
      expect.objectContaining({ code: 'invalid_body' }),
    );
  });
});

describe('a target that a proxy has rewritten', () => {
  const sign = (target: string) =>
    signRequest({ ...request, target, keyId: 'k', key, timestamp: 1747444800 });
  const explainReceived = (signedTarget: string, rawHeaders: readonly string[], target = request.target) =>
    explainMismatch({
      key,
      request: { ...request, target, rawHeaders },
      signature: sign(signedTarget).signature,
    })[0];

  it('names the signed path, and the settings of the proxies', () => {
    const { code, message = '' } = explainReceived('/api/v1/balances', []) ?? {};
    expect(code).toBe('path_prefix_stripped');
    expect(message).toContain('(signed: "/api/v1/balances", received: "/v1/balances")');
    for (const setting of ['"proxy_pass http://upstream;"', '"ProxyPass / http://upstream/ nocanon"']) {
      expect(message).toContain(setting);
    }
    expect(message).toContain('haproxy: without "http-request set-path"');
  });

  it.each([
    ['X-Forwarded-Prefix', '/acme/pay/', '/acme/pay/v1/balances', 'path_prefix_stripped'],
    ['x-original-uri', '/any/thing?a=1', '/any/thing?a=1', 'target_rewritten'],
    ['X-Envoy-Original-Path', '/any/thing', '/any/thing', 'target_rewritten'],
    ['X-Forwarded-Prefix', 'x, /acme', '/acme/v1/balances', 'path_prefix_stripped'],
  ])('finds what %s: %s reports', (name, value, signedTarget, code) => {
    expect(explainReceived(signedTarget, ['Accept', '*/*', name, value])?.code).toBe(code);
  });

  it('tries four values of a header at most, and no long ones', () => {
    const values = ['/a', '/b', '/b', '', '/c', '/d', '/e'].flatMap((value) => ['X-Forwarded-Prefix', value]);
    expect(explainReceived('/d/v1/balances', values)?.code).toBe('path_prefix_stripped');
    expect(explainReceived('/e/v1/balances', values)).toBeUndefined();
    const long = `/${'x'.repeat(2_048)}`;
    expect(explainReceived(`${long}/v1/balances`, ['X-Forwarded-Prefix', long, 'Odd'])).toBeUndefined();
  });

  it('finds a signed URL by the host that a proxy reports', () => {
    const body = createHash('sha256').digest('hex');
    const url = 'https://pay.example.com/v1/balances';
    const signature = createHmac('sha256', 'cpg-example-secret-DO-NOT-USE-IN-PRODUCTION')
      .update(`1747444800\nGET\n${url}\n\n${body}`)
      .digest('hex');
    const find = (rawHeaders: readonly string[]) =>
      codesOf(explainMismatch({ key, request: { ...request, rawHeaders }, signature }));
    expect(find(['Host', '127.0.0.1:8080', 'X-Forwarded-Host', 'pay.example.com'])).toEqual(['path_is_url']);
    expect(find(['Host', 'pay.example.com'])).toEqual(['path_is_url']);
    expect(find(['Host', '127.0.0.1:8080'])).toEqual([]);
  });

  it('leaves out a signed path of more than 200 characters', () => {
    const path = `/v1/${'x'.repeat(200)}`;
    expect(explainReceived(`/api${path}`, [], path)?.message).not.toContain('(signed:');
  });

  it.each([[['Host', 1]], ['Host'], [null]])('throws for the headers %j', (rawHeaders) => {
    const received = { ...request, rawHeaders: rawHeaders as never };
    expect(() => explainMismatch({ key, request: received, signature: '' })).toThrow(
      expect.objectContaining({ code: 'invalid_field' }),
    );
  });
});

describe('explainWebhookMismatch', () => {
  const webhook = { timestamp: '1747444800', body: Buffer.from('{}') };

  it('needs no target, and finds nothing when it is malformed', () => {
    const signature = '0'.repeat(64);
    expect(explainWebhookMismatch({ key, webhook, signature })).toEqual([]);
    expect(explainWebhookMismatch({ key, webhook: { ...webhook, target: '//' }, signature })).toEqual([]);
  });
});

it.each([
  ['1747444800', 1747444800, []],
  ['1747444800', 1747445100, []],
  ['1747444800', 1747445101, ['timestamp_stale']],
  ['1747444800', 1747444499, ['timestamp_stale']],
  ['1747444800999', 1747444800, ['timestamp_in_milliseconds']],
  ['1747444800999', 1747449999, ['timestamp_stale']],
  ['01747444800', 1747444800, ['timestamp_malformed']],
  ['', 1747444800, ['timestamp_malformed']],
])('%s, with the clock at %d: %j', (timestamp, now, codes) => {
  expect(findClockMistake(timestamp, now).map(({ code }) => code)).toEqual(codes);
});

it('tells how far away the timestamp is, and on which side', () => {
  expect(findClockMistake('1747444800', 1747445200)[0]?.message).toContain('400 seconds behind the server');
  expect(findClockMistake('1747444800', 1747444400)[0]?.message).toContain('400 seconds ahead of the server');
});
