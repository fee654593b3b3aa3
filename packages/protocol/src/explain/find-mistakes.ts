import type { Finding, Mistake } from './mistake.ts';
import type { ReceivedSignature } from './received-signature.ts';
import { macOf, type SigningSteps } from './signing-steps.ts';

const LARGE_BODY = 65_536;

/** One list for each step of signing: no two mistakes of one list are made together. */
export type MistakeLists<Code extends string> = readonly (readonly Mistake<Code>[])[];

interface Search<Code extends string> {
  readonly correct: SigningSteps;
  readonly mistakes: MistakeLists<Code>;
  readonly received: ReceivedSignature;
}

/**
 * Finds the one mistake, or with `isThorough` the two of different lists, that turn the correct steps into ones whose
 * result is the received signature. `undefined`: nothing known reproduces it.
 */
export const findMistakes = <Code extends string>(
  search: Search<Code>,
  isThorough: boolean,
): Finding<Code>[] | undefined => {
  const { correct, mistakes, received } = search;
  if (received.isReproducedBy(macOf(correct))) return [];
  const isLarge = correct.body.length > LARGE_BODY;
  const first = findOne(correct, mistakes.flat(), { received, isNarrow: isLarge });
  if (first !== undefined) return [first];
  return isThorough && !isLarge ? findTwo(search) : undefined;
};

interface Limits {
  readonly received: ReceivedSignature;
  readonly isNarrow: boolean;
}

const findOne = <Code extends string>(
  steps: SigningSteps,
  mistakes: readonly Mistake<Code>[],
  { received, isNarrow }: Limits,
): Finding<Code> | undefined => {
  for (const { code, message, variants, isBroad } of mistakes) {
    if (isBroad && isNarrow) continue;
    for (const variant of variants(steps)) {
      if (received.isReproducedBy(macOf({ ...steps, ...variant }))) return { code, message };
    }
  }
  return undefined;
};

const findTwo = <Code extends string>(search: Search<Code>): Finding<Code>[] | undefined => {
  const { correct, mistakes, received } = search;
  for (const [index, list] of mistakes.entries()) {
    const later = mistakes.slice(index + 1).flat();
    for (const { code, message, variants, isBroad } of list) {
      if (isBroad) continue;
      for (const variant of variants(correct)) {
        const second = findOne({ ...correct, ...variant }, later, { received, isNarrow: true });
        if (second !== undefined) return [{ code, message }, second];
      }
    }
  }
  return undefined;
};
