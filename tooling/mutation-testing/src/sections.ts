/** The sections of the contract that say what somebody must do; each needs a case, and a mutant that was caught by one. */
export const MUST_SECTIONS: readonly string[] = [
  '§1.1',
  '§1.2',
  ...[1, 2, 3, 4, 5].map((restriction) => `§2 restriction ${restriction}`),
  '§2.1',
  '§3',
  '§4',
  '§4.1',
  '§4.6',
  '§5',
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((rule) => `§6.${rule}`),
];

/** The sections that a case names in its `spec`, e.g. `§2 restriction 5, §4`. */
export const sectionsOf = (spec: string): readonly string[] =>
  spec.match(/§[0-9]+(?:\.[0-9]+)?(?: restriction [0-9])?/g) ?? [];
