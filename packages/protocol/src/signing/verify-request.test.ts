import { describe, expect, it } from 'vitest';
import { signRequest } from './sign-request.ts';
import { sign } from './signature.ts';
import { createSigningKey } from './signing-key.ts';
import {
  checkContentEncoding,
  checkSignature,
  type RequestToVerify,
  verifyRequest,
} from './verify-request.ts';

const now = 1747444800;
const key = createSigningKey('cpg-example-secret-DO-NOT-USE-IN-PRODUCTION');
const keys = new Map([['ck_example', key]]);
const body = Buffer.from('{"amount":"1"}');
const target = '/v1/withdrawals?x=1';
const signed = signRequest({ keyId: 'ck_example', key, method: 'POST', target, body, timestamp: now });
const headers = Object.entries(signed.headers);

const verifyWith = (differences: Partial<RequestToVerify>) =>
  verifyRequest({ method: 'POST', target, headers, body, keys, now, ...differences });

const withHeader = (name: string, value: string) =>
  headers.map(([given, old]): [string, string] => [given, given === name ? value : old]);

const withEncodings = (...values: readonly string[]): [string, string][] => [
  ...(headers as [string, string][]),
  ...values.map((value): [string, string] => ['Content-Encoding', value]),
];

describe('verifyRequest', () => {
  it('returns the key id, the timestamp and the signature that must be accepted only once', () => {
    expect(verifyWith({})).toEqual({
      keyId: 'ck_example',
      timestamp: now,
      signature: signed.signature,
      path: '/v1/withdrawals',
      query: 'x=1',
    });
  });

  it.each([
    ['a method in lower case', { method: 'post' }],
    [
      'header names in another case',
      { headers: headers.map(([name, value]): [string, string] => [name.toLowerCase(), value]) },
    ],
    [
      'the identity encoding',
      { headers: [...headers, ['content-encoding', ' Identity']] as [string, string][] },
    ],
    ['the identity encoding twice', { headers: withEncodings('identity', 'IDENTITY') }],
    ['the identity encoding before an empty one', { headers: withEncodings('identity', '') }],
    ['the identity encoding after an empty one', { headers: withEncodings('', 'identity') }],
    ['an empty content encoding', { headers: [...headers, ['Content-Encoding', '']] as [string, string][] }],
    ["headers as Node's rawHeaders", { headers: headers.flat() }],
    ['the older of two keys', { keys: new Map([['ck_example', [key, createSigningKey('new')]]]) }],
    ['the newer of two keys', { keys: new Map([['ck_example', [createSigningKey('old'), key]]]) }],
    ['the far edge of the window', { now: now + 300 }],
    ['the near edge of the window', { now: now - 300 }],
  ])('accepts %s', (_, differences) => {
    expect(verifyWith(differences)).toMatchObject({ keyId: 'ck_example' });
  });

  it.each([
    ['no headers', { headers: [] }, 'missing_authentication_headers'],
    ['an empty header', { headers: withHeader('X-CPG-Key', '') }, 'missing_authentication_headers'],
    ['a repeated header', { headers: [...headers, ...headers] }, 'malformed_authentication_headers'],
    ['a malformed key id', { headers: withHeader('X-CPG-Key', 'a b') }, 'malformed_authentication_headers'],
    ['a target in absolute form', { target: 'http://x/v1' }, 'malformed_request_target'],
    ['a malformed timestamp', { headers: withHeader('X-CPG-Timestamp', '1e9') }, 'timestamp_outside_window'],
    ['a stale timestamp', { now: now + 301 }, 'timestamp_outside_window'],
    ['a timestamp ahead', { now: now - 301 }, 'timestamp_outside_window'],
    [
      'gzip',
      { headers: [...headers, ['Content-Encoding', 'gzip']] as [string, string][] },
      'content_encoding_not_supported',
    ],
    [
      'gzip before identity',
      { headers: withEncodings('gzip', 'identity') },
      'content_encoding_not_supported',
    ],
    ['gzip after identity', { headers: withEncodings('identity', 'gzip') }, 'content_encoding_not_supported'],
    ['gzip after nothing', { headers: withEncodings('', 'gzip') }, 'content_encoding_not_supported'],
    ['an unknown key', { keys: new Map() }, 'invalid_signature'],
    ['a key id without a live key', { keys: new Map([['ck_example', []]]) }, 'invalid_signature'],
    [
      'two other secrets',
      { keys: new Map([['ck_example', ['a', 'b'].map(createSigningKey)]]) },
      'invalid_signature',
    ],
    ['another secret', { keys: new Map([['ck_example', createSigningKey('other')]]) }, 'invalid_signature'],
    ['another method', { method: 'PUT' }, 'invalid_signature'],
    ['a method that only looks alike', { method: 'POſT' }, 'invalid_signature'],
    ['no method', { method: '' }, 'invalid_signature'],
    ['a method with a lone surrogate', { method: 'POST\ud800' }, 'invalid_signature'],
    ['another path', { target: '/v1/withdrawal?x=1' }, 'invalid_signature'],
    ['another query', { target: '/v1/withdrawals?x=2' }, 'invalid_signature'],
    ['another body', { body: Buffer.from('{"amount":"2"}') }, 'invalid_signature'],
    [
      'an upper-case signature',
      { headers: withHeader('X-CPG-Signature', signed.signature.toUpperCase()) },
      'invalid_signature',
    ],
  ])('rejects %s', (_, differences, code) => {
    expect(verifyWith(differences)).toMatchObject({ code });
  });

  it('throws for more than two signing keys of one key id', () => {
    expect(() => verifyWith({ keys: new Map([['ck_example', [key, key, key]]]) })).toThrow(
      expect.objectContaining({
        code: 'invalid_secret',
        message: 'A key id can have at most 2 signing keys: got 3.',
      }),
    );
  });

  it('does not accept a signature of a dummy key with a known secret', () => {
    const forged = signRequest({
      keyId: 'ck_x',
      key: createSigningKey('cpg-dummy-key'),
      method: 'GET',
      target,
      timestamp: now,
    });
    expect(
      verifyWith({ method: 'GET', body: Buffer.alloc(0), headers: Object.entries(forged.headers) }),
    ).toMatchObject({
      code: 'invalid_signature',
    });
  });

  it('rejects a line feed in the method, even with a valid signature', () => {
    const message =
      '1747444800\nGET\n\n/v1/x\n\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const shifted = {
      target: '/v1/x',
      body: Buffer.alloc(0),
      headers: withHeader('X-CPG-Signature', sign(key, message)),
    };
    expect(verifyWith({ ...shifted, method: 'GET\n' })).toMatchObject({ code: 'invalid_signature' });
  });

  it('throws for a body that was parsed already', () => {
    expect(() => verifyWith({ body: {} as Uint8Array })).toThrow(
      expect.objectContaining({ code: 'invalid_body' }),
    );
  });
});

describe('checkContentEncoding', () => {
  it.each(['', 'identity', ' Identity ', 'identity,identity', ', identity\t,', ',', 'identity,,Identity'])(
    'accepts %j',
    (contentEncoding) => {
      expect(checkContentEncoding(contentEncoding)).toBeUndefined();
    },
  );

  it.each([
    'gzip',
    'identity,gzip',
    'gzip,identity',
    'identity identity',
    'x',
    'identity\u00a0',
    `${' '.repeat(100_000)}x`,
  ])('rejects %j', (contentEncoding) => {
    expect(checkContentEncoding(contentEncoding)).toMatchObject({ code: 'content_encoding_not_supported' });
  });
});

describe('checkSignature', () => {
  const received = {
    timestamp: String(now),
    method: 'post',
    path: '/v1/withdrawals',
    query: 'x=1',
    body,
    signature: signed.signature,
  };
  const other = createSigningKey('other');

  it.each([
    ['the only key', [key]],
    ['the first of two', [key, other]],
    ['the second of two', [other, key]],
  ])('accepts a signature of %s', (_, keys) => {
    expect(checkSignature(received, keys)).toBeUndefined();
  });

  it.each([
    ['without keys', {}, []],
    ['of another key', {}, [other, other]],
    ['of another method', { method: 'get' }, [key]],
    ['that is malformed', { signature: '' }, [key]],
  ])('rejects a signature %s', (_, differences, keys) => {
    expect(checkSignature({ ...received, ...differences }, keys)).toMatchObject({
      code: 'invalid_signature',
    });
  });

  it('throws for a key that was not made by createSigningKey, also behind the right one', () => {
    expect(() => checkSignature(received, [key, {} as typeof key])).toThrow(
      expect.objectContaining({ code: 'invalid_secret' }),
    );
  });
});
