/** A committed value of a vector, by the way to it: `['computed', 'signature']`. */
export interface ValuePath {
  readonly block: 'computed' | 'sent' | undefined;
  readonly name: string;
}

type Json = Record<string, unknown>;

const STAGES = ['path', 'query', 'bodySha256', 'canonical', 'canonicalHex', 'signedHex', 'signature'];

const blockOf = (vector: Json, { block }: ValuePath): Json =>
  block === undefined ? vector : (vector[block] as Json);

/** Every value of a vector that a program computed, and that is not empty. */
export const valuePathsOf = (vector: Json): ValuePath[] =>
  ([undefined, 'computed', 'sent'] as const)
    .filter((block) => block === undefined || vector[block] !== undefined)
    .flatMap((block) => STAGES.map((name) => ({ block, name })))
    .filter((path) => (blockOf(vector, path)[path.name] ?? '') !== '');

/** A copy of the vector with the lowest bit of one character in the middle of a value flipped; a hex digit stays one. */
export const withFlippedBit = (vector: Json, path: ValuePath): Json => {
  const copy = structuredClone(vector);
  const block = blockOf(copy, path);
  const text = block[path.name] as string;
  const at = Math.floor(text.length / 2);
  const isHex = /Sha256|Hex|signature/.test(path.name);
  const flipped = isHex
    ? (Number.parseInt(text.charAt(at), 16) ^ 1).toString(16)
    : String.fromCharCode(text.charCodeAt(at) ^ 1);
  block[path.name] = text.slice(0, at) + flipped + text.slice(at + 1);
  return copy;
};
