import type { ClientParts } from '../reference/client-parts.ts';
import { CLIENT_AMOUNT_MUTANTS } from './client-amount-mutants.ts';
import { CLIENT_DATA_MUTANTS } from './client-data-mutants.ts';
import { CLIENT_INPUT_MUTANTS } from './client-input-mutants.ts';
import { CLIENT_BODY_MUTANTS, CLIENT_READING_MUTANTS } from './client-response-mutants.ts';
import {
  CLIENT_ATTEMPT_MUTANTS,
  CLIENT_CLOCK_MUTANTS,
  CLIENT_PACING_MUTANTS,
  CLIENT_TIME_MUTANTS,
} from './client-retry-mutants.ts';
import { CLIENT_SECRECY_MUTANTS } from './client-secrecy-mutants.ts';
import { CLIENT_TARGET_MUTANTS } from './client-target-mutants.ts';
import { CLIENT_WIRE_MUTANTS } from './client-wire-mutants.ts';
import type { Mutant } from './mutant.ts';
import { SIGNING_MUTANTS } from './signing-mutants.ts';

const signing = SIGNING_MUTANTS.map(
  ({ killedBy, ...mutant }): Mutant<ClientParts> => ({
    ...mutant,
    killedBy: killedBy.map((id) => `sign-${id}`),
  }),
);

/** Mutants of a signer and of a client. */
export const CLIENT_MUTANTS: readonly Mutant<ClientParts>[] = [
  ...signing,
  ...CLIENT_INPUT_MUTANTS,
  ...CLIENT_TARGET_MUTANTS,
  ...CLIENT_WIRE_MUTANTS,
  ...CLIENT_TIME_MUTANTS,
  ...CLIENT_ATTEMPT_MUTANTS,
  ...CLIENT_PACING_MUTANTS,
  ...CLIENT_CLOCK_MUTANTS,
  ...CLIENT_READING_MUTANTS,
  ...CLIENT_AMOUNT_MUTANTS,
  ...CLIENT_DATA_MUTANTS,
  ...CLIENT_BODY_MUTANTS,
  ...CLIENT_SECRECY_MUTANTS,
];
