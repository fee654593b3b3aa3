import type { SigningParts } from '../reference/signing-parts.ts';
import { FRAMING_AND_KEY_MUTANTS, METHOD_AND_BODY_MUTANTS } from './body-signing-mutants.ts';
import type { Mutant } from './mutant.ts';
import { PATH_MUTANTS, QUERY_MUTANTS } from './target-signing-mutants.ts';

/** Broken recipes; `killedBy` names a vector, which a signer meets as `sign-…` and a verifier as `verify-vector-…`. */
export const SIGNING_MUTANTS: readonly Mutant<SigningParts>[] = [
  ...PATH_MUTANTS,
  ...QUERY_MUTANTS,
  ...METHOD_AND_BODY_MUTANTS,
  ...FRAMING_AND_KEY_MUTANTS,
];
