import { assertString, isArray, readGuarded, wrongType } from './arguments.ts';

/** Headers as they arrived: in order, with repeats. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/**
 * Every value of a header, in order, whatever the case of its name; none when it did not come. Contract §1.1.
 *
 * @throws ProtocolError `invalid_field` unless the headers are an array of pairs of strings.
 */
export const headerValues = (headers: HeaderPairs, name: string): readonly string[] => {
  assertString(name, 'name');
  if (!isArray(headers)) throw wrongType('headers', headers, { expected: PAIRS });
  return readGuarded('headers', () => findValues(headers, name.toLowerCase()));
};

const PAIRS = 'an array of [name, value] pairs of strings';

const findValues = (headers: HeaderPairs, wanted: string): readonly string[] => {
  const values: string[] = [];
  for (const pair of headers) {
    if (!isArray(pair))
      throw wrongType('Each of headers', pair, { expected: 'a [name, value] pair of strings' });
    const [given, value] = pair;
    assertString(given, 'The name of each header');
    assertString(value, 'The value of each header');
    if (given.toLowerCase() === wanted) values.push(value);
  }
  return values;
};
