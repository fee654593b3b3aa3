import { REJECTIONS } from '@cpg/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonBody } from './parse-json-body.ts';

const parse = (text: string) => parseJsonBody(Buffer.from(text));
const REJECTED = REJECTIONS.malformed_json_body;

describe('parseJsonBody', () => {
  it.each([
    ['', undefined],
    ['{"a":1,"b":{"a":2}}', { a: 1, b: { a: 2 } }],
    ['[{"a":1},{"a":1}]', [{ a: 1 }, { a: 1 }]],
    ['{"a":"a","b":"\\"a\\":{"}', { a: 'a', b: '"a":{' }],
    ['{"a\\\\":1,"a\\"":2,"a":{"x":"a"}}', { 'a\\': 1, 'a"': 2, a: { x: 'a' } }],
    ['{"a":{},"A":[],"":null}', { a: {}, A: [], '': null }],
    ['"a"', 'a'],
  ])('parses %s', (text, value) => {
    expect(parse(text)).toEqual({ value });
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"a":2}',
    '{"a" : 1 , "a"\r\n\t: 2}',
    '{"a":1,"\\u0061":2}',
    '{"\\\\":1,"\\u005c":2}',
    '{"__proto__":1,"__proto__":2}',
    '[0,{"b":{"a":1},"c":[{"x":{"a":1},"a":1,"a":2}]}]',
    `{${Array.from({ length: 20 }, (_, index) => `"k${index}":${index}`)},"k19":0}`,
    '{',
    '{"a":1}}',
    '\xff',
  ])('rejects %s', (text) => {
    expect(parseJsonBody(Buffer.from(text, 'latin1'))).toBe(REJECTED);
  });

  it('accepts what JSON.stringify writes, and rejects it with any key of an object repeated', () => {
    const value = fc.jsonValue({ maxDepth: 2 });
    const objects = fc.dictionary(fc.string({ unit: 'binary', maxLength: 4 }), value, {
      minKeys: 1,
      maxKeys: 20,
    });
    fc.assert(
      fc.property(objects, fc.nat(), value, (object, index, before) => {
        const text = JSON.stringify(object);
        expect(JSON.stringify(parse(text))).toBe(`{"value":${text}}`);
        const key = Object.keys(object)[index % Object.keys(object).length] as string;
        const repeated = `[${JSON.stringify(before)},{${JSON.stringify(key)}:0,${text.slice(1)}]`;
        expect(parse(repeated)).toBe(REJECTED);
      }),
      { numRuns: 50 },
    );
  });
});
