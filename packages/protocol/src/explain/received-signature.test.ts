import { describe, expect, it } from 'vitest';
import { readSignature } from './received-signature.ts';

const HEX = 'a4d11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c3';
const MAC = Buffer.from(HEX, 'hex');

describe('readSignature', () => {
  it.each([
    [HEX, []],
    [HEX.toUpperCase(), ['signature_upper_case']],
    [` ${HEX}`, ['signature_padded']],
    [`'${HEX}'`, ['signature_padded']],
    [`v1=${HEX}`, ['signature_prefixed']],
    [`"sha256=${HEX.toUpperCase()}"`, ['signature_padded', 'signature_prefixed', 'signature_upper_case']],
    ['pNEehO09K8zLSV6Hsh2iV+DsqM9HT7ykX7ym84li18M=', ['signature_base64']],
    ['pNEehO09K8zLSV6Hsh2iV-DsqM9HT7ykX7ym84li18M', ['signature_base64']],
    [Buffer.from(HEX).toString('base64'), ['signature_base64_of_hex']],
  ])('recognises %j', (text, codes) => {
    const readings = readSignature(text);
    expect(readings).toHaveLength(1);
    expect(readings[0]?.findings.map(({ code }) => code)).toEqual(codes);
    expect(readings[0]?.isReproducedBy(MAC)).toBe(true);
    expect(readings[0]?.isReproducedBy(Buffer.alloc(32))).toBe(false);
    expect(readings[0]?.isReproducedBy(MAC.subarray(1))).toBe(false);
  });

  it('reads a short one as complete or truncated', () => {
    const [whole, cut] = readSignature(HEX.slice(0, 40));
    expect(whole?.isReproducedBy(MAC.subarray(0, 20))).toBe(true);
    expect(whole?.isReproducedBy(MAC)).toBe(false);
    expect(cut?.isReproducedBy(MAC)).toBe(true);
    expect(cut?.findings).toEqual([
      {
        code: 'signature_truncated',
        message: 'The signature was cut short: send 64 lowercase hex digits and nothing else.',
      },
    ]);
  });

  it.each(['', 'x', HEX.slice(0, 30), '{}', 'not a signature', `${HEX}é`])('cannot read %j', (text) => {
    expect(readSignature(text)).toEqual([]);
  });
});
