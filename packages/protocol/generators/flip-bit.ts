/** The path of a committed value in a vector, for example `['computed', 'signature']`. */
export interface ValuePath {
  readonly block: 'computed' | 'sent' | undefined;
  readonly name: string;
}

type Json = Record<string, unknown>;

const STAGES = ['path', 'query', 'bodySha256', 'canonical', 'canonicalHex', 'signedHex', 'signature'];

const getBlock = (vector: Json, { block }: ValuePath): Json =>
  block === undefined ? vector : (vector[block] as Json);

/** The paths of all computed values of a vector that are not empty. */
export const getValuePaths = (vector: Json): ValuePath[] =>
  ([undefined, 'computed', 'sent'] as const)
    .filter((block) => block === undefined || vector[block] !== undefined)
    .flatMap((block) => STAGES.map((name) => ({ block, name })))
    .filter((path) => (getBlock(vector, path)[path.name] ?? '') !== '');

/** Flips the lowest bit of the middle character of a text; a hex digit stays a hex digit. */
const flip = (text: string, isHex: boolean): string => {
  const at = Math.floor(text.length / 2);
  const flipped = isHex
    ? (Number.parseInt(text.charAt(at), 16) ^ 1).toString(16)
    : String.fromCharCode(text.charCodeAt(at) ^ 1);
  return text.slice(0, at) + flipped + text.slice(at + 1);
};

/** A copy of the vector with one bit of one value flipped. */
export const withFlippedBit = (vector: Json, path: ValuePath): Json => {
  const copy = structuredClone(vector);
  const block = getBlock(copy, path);
  block[path.name] = flip(block[path.name] as string, /Sha256|Hex|signature/.test(path.name));
  return copy;
};

/** A copy of the vector with one bit of its first signature header flipped. */
export const withFlippedHeader = (vector: Json): Json => {
  const copy = structuredClone(vector);
  const headers = copy.headers as [name: string, value: string][];
  const header = headers.find(([name]) => name.toLowerCase() === 'x-cpg-signature');
  if (header !== undefined) header[1] = flip(header[1], true);
  return copy;
};
