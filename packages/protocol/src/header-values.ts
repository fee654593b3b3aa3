/** Headers as they arrived: in order, with repeats. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** Every value of a header, in order, whatever the case of its name; none when it did not come. Contract §1.1. */
export const headerValues = (headers: HeaderPairs, name: string): readonly string[] =>
  headers.filter(([given]) => given.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
