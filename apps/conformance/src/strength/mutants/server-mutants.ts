import type { ServerParts } from '../reference/server-parts.ts';
import { RATE_MUTANTS, REPLAY_MUTANTS } from './admission-mutants.ts';
import {
  ADDRESS_MUTANTS,
  BODY_MUTANTS,
  ENVELOPE_MUTANTS,
  ORDER_MUTANTS,
  PERMISSION_MUTANTS,
  TARGET_MUTANTS,
} from './gate-mutants.ts';
import type { Mutant } from './mutant.ts';
import { SERVER_SIGNING_MUTANTS } from './server-signing-mutants.ts';
import { COMPARE_MUTANTS, HEADER_MUTANTS, TIMESTAMP_MUTANTS } from './verifier-mutants.ts';

/** Broken verifiers and servers. */
export const SERVER_MUTANTS: readonly Mutant<ServerParts>[] = [
  SERVER_SIGNING_MUTANTS,
  COMPARE_MUTANTS,
  TIMESTAMP_MUTANTS,
  HEADER_MUTANTS,
  TARGET_MUTANTS,
  BODY_MUTANTS,
  ORDER_MUTANTS,
  REPLAY_MUTANTS,
  RATE_MUTANTS,
  ADDRESS_MUTANTS,
  PERMISSION_MUTANTS,
  ENVELOPE_MUTANTS,
].flat();
