import type { ReceivedSignature } from './received-signature.ts';
import { computeMac, type SigningSteps } from './signing-steps.ts';

/** What went wrong, and how to fix it. Contains neither a secret nor a signature. */
export interface Finding<Code extends string = string> {
  /** Stable, for programs. */
  readonly code: Code;
  /** One sentence: the mistake, then the fix. */
  readonly message: string;
}

/** A common mistake in signing. */
export interface Mistake<Code extends string = string> extends Finding<Code> {
  /** The steps that the signer took instead; several when the mistake can be made in more than one way. */
  readonly variants: (correct: SigningSteps) => readonly Partial<SigningSteps>[];
  /** Has too many variants to try on large bodies or together with another mistake. */
  readonly isBroad?: boolean;
}

/**
 * Lists mistakes, most likely first. The type keeps their codes only, because the declarations of the package derive
 * from it, and a program without the types of Node.js has no `Buffer`.
 */
export const defineMistakes = <const Code extends string>(
  mistakes: readonly Mistake<Code>[],
): readonly Finding<Code>[] => mistakes;

const getMistakes = <Code extends string>(list: readonly Finding<Code>[]): readonly Mistake<Code>[] =>
  list as readonly Mistake<Code>[];

/** The variant that a step makes, or none when the step throws for this request. */
export const attempt = (step: () => Partial<SigningSteps>): readonly Partial<SigningSteps>[] => {
  try {
    return [step()];
  } catch {
    return [];
  }
};

const LARGE_BODY = 65_536;

/** One list per step of signing. Two mistakes of the same list are never combined. */
export type MistakeLists<Code extends string> = readonly (readonly Finding<Code>[])[];

interface Search<Code extends string> {
  readonly correct: SigningSteps;
  readonly mistakes: MistakeLists<Code>;
  readonly received: ReceivedSignature;
}

/**
 * Finds the mistake, or with `isThorough` the two mistakes of different lists, that reproduce the received
 * signature. `undefined` when no known mistake does.
 */
export const findMistakes = <Code extends string>(
  search: Search<Code>,
  isThorough: boolean,
): Finding<Code>[] | undefined => {
  const { correct, mistakes, received } = search;
  if (received.isReproducedBy(computeMac(correct))) return [];
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
  mistakes: readonly Finding<Code>[],
  { received, isNarrow }: Limits,
): Finding<Code> | undefined => {
  for (const { code, message, variants, isBroad } of getMistakes(mistakes)) {
    if (isBroad && isNarrow) continue;
    for (const variant of variants(steps)) {
      if (received.isReproducedBy(computeMac({ ...steps, ...variant }))) {
        return { code, message: nameSignedPath(message, variant, steps) };
      }
    }
  }
  return undefined;
};

const MAX_PATH = 200;

/** Adds the path that was signed, where it alone differs: with it an operator finds the proxy or the line of code. */
const nameSignedPath = (
  message: string,
  { path, query }: Partial<SigningSteps>,
  received: SigningSteps,
): string =>
  path === undefined || query !== undefined || path === received.path || path.length > MAX_PATH
    ? message
    : `${message.slice(0, -1)} (signed: ${JSON.stringify(path)}, received: ${JSON.stringify(received.path)}).`;

const findTwo = <Code extends string>(search: Search<Code>): Finding<Code>[] | undefined => {
  const { correct, mistakes, received } = search;
  for (const [index, list] of mistakes.entries()) {
    const later = mistakes.slice(index + 1).flat();
    for (const { code, message, variants, isBroad } of getMistakes(list)) {
      if (isBroad) continue;
      for (const variant of variants(correct)) {
        const second = findOne({ ...correct, ...variant }, later, { received, isNarrow: true });
        if (second !== undefined) return [{ code, message }, second];
      }
    }
  }
  return undefined;
};
