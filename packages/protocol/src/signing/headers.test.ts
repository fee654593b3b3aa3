import { describe, expect, it } from 'vitest';
import {
  AUTHENTICATION_HEADERS,
  DELIVERY_HEADER,
  EVENT_HEADER,
  headerValues,
  isKeyId,
  KEY_HEADER,
  readAuthenticationHeaders,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from './headers.ts';

it('names the headers of the wire protocol', () => {
  expect([KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER]).toEqual([
    'X-CPG-Key',
    'X-CPG-Timestamp',
    'X-CPG-Signature',
  ]);
  expect([EVENT_HEADER, DELIVERY_HEADER]).toEqual(['X-CPG-Event', 'X-CPG-Delivery']);
});

it('lists the three headers of a signed request, frozen', () => {
  expect(AUTHENTICATION_HEADERS).toEqual(['X-CPG-Key', 'X-CPG-Timestamp', 'X-CPG-Signature']);
  expect(AUTHENTICATION_HEADERS).toSatisfy(Object.isFrozen);
});

describe('headerValues', () => {
  const headers = [
    ['X-CPG-Key', 'one'],
    ['Date', 'now'],
    ['x-cpg-KEY', 'two'],
  ] as const;

  it.each([
    ['X-CPG-Key', ['one', 'two']],
    ['date', ['now']],
    ['X-CPG', []],
  ])('finds %s', (name, values) => {
    expect(headerValues(headers, name)).toEqual(values);
  });
});

describe('isKeyId', () => {
  it.each(['a', 'ck_demo_full', 'A-Z.a_9', '0'.repeat(128)])('accepts %s', (text) => {
    expect(isKeyId(text)).toBe(true);
  });

  it.each(['', '0'.repeat(129), 'a b', 'a\n', 'é', 'a/b', 'a,b', 'a:b', ' a', undefined, null, ['a']])(
    'rejects %j',
    (text) => {
      expect(isKeyId(text as string)).toBe(false);
    },
  );
});

describe.each([
  ['pairs', (pairs: readonly (readonly [string, string])[]) => pairs],
  ["Node's rawHeaders", (pairs: readonly (readonly [string, string])[]) => pairs.flat()],
])('readAuthenticationHeaders, given %s', (_what, write) => {
  const signed = [
    ['X-CPG-Key', 'ck_example'],
    ['X-CPG-Timestamp', '1747444800'],
    ['X-CPG-Signature', 'abc'],
  ] as const;
  const read = (...pairs: readonly (readonly [string, string])[]) => readAuthenticationHeaders(write(pairs));
  const found = { keyId: 'ck_example', timestamp: '1747444800', signature: 'abc', contentEncoding: '' };

  it('finds the three headers as received, whatever the case of their names and their place', () => {
    expect(read(...signed)).toEqual(found);
    expect(
      read(
        ['Host', 'h'],
        ...signed.map(([name, value]) => [name.toUpperCase(), value] as const).toReversed(),
      ),
    ).toEqual(found);
  });

  it.each([
    [[], ''],
    [[''], ''],
    [['', ''], ''],
    [[' gzip'], ' gzip'],
    [['identity', 'br'], 'identity,br'],
  ])('joins the content encodings %j', (values, contentEncoding) => {
    const encodings = values.map((value) => ['content-Encoding', value] as const);
    expect(read(...encodings, ...signed)).toEqual({ ...found, contentEncoding });
  });

  it.each([
    ['no header', []],
    ['two of three', signed.slice(1)],
    ['an empty one', [...signed.slice(1), ['X-CPG-Key', '']]],
    ['an empty one twice', [...signed.slice(1), ['X-CPG-Key', ''], ['X-CPG-Key', '']]],
    ['a name with _', [...signed.slice(1), ['X_CPG_Key', 'ck_example']]],
    ['a missing one and a malformed key id', [['X-CPG-Key', 'a b'], ...signed.slice(2)]],
  ] as const)('rejects %s as missing', (_, headers) => {
    expect(read(...(headers as unknown as typeof signed))).toMatchObject({
      code: 'missing_authentication_headers',
    });
  });

  it.each([
    ['a repeated header', [...signed, signed[2]]],
    ['a repeated header, once empty', [['X-CPG-Key', ''], ...signed]],
    ['a malformed key id', [['X-CPG-Key', 'a b'], ...signed.slice(1)]],
  ] as const)('rejects %s as malformed', (_, headers) => {
    expect(read(...(headers as unknown as typeof signed))).toMatchObject({
      code: 'malformed_authentication_headers',
    });
  });
});

it('throws for a list with a name too many', () => {
  expect(() => readAuthenticationHeaders(['X-CPG-Key'])).toThrow(
    'headers must hold a value for every name: got an odd number of strings.',
  );
});
