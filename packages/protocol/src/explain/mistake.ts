import type { SigningSteps } from './signing-steps.ts';

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
