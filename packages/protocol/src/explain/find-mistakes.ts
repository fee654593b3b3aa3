import type { ReceivedSignature } from './received-signature.ts';
import { macOf, type SigningSteps } from './signing-steps.ts';

/** What went wrong, and how to mend it. Holds neither a secret nor a signature. */
export interface Finding<Code extends string = string> {
  /** Stable, for programs. */
  readonly code: Code;
  /** One sentence: the mistake, then the cure. */
  readonly message: string;
}

/** A mistake that people make when they sign. */
export interface Mistake<Code extends string = string> extends Finding<Code> {
  /** What the signer did instead; several when there is more than one way to make the mistake. */
  readonly variants: (correct: SigningSteps) => readonly Partial<SigningSteps>[];
  /** Has so many variants that it is not tried on large bodies, nor together with another mistake. */
  readonly isBroad?: boolean;
}

/** Lists mistakes, the likelier first; keeps their codes in the type. */
export const defineMistakes = <const Code extends string>(
  mistakes: readonly Mistake<Code>[],
): readonly Mistake<Code>[] => mistakes;

/** The one variant that a step which can fail on this request makes, or none. */
export const attempt = (step: () => Partial<SigningSteps>): readonly Partial<SigningSteps>[] => {
  try {
    return [step()];
  } catch {
    return [];
  }
};

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
