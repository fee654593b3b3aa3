import { verifyIds } from '@cpg/conformance/src/vectors/verify-cases.ts';
import type { ServerParts } from '../reference/server-parts.ts';
import type { Mutant } from './mutant.ts';
import { SERVER_MUTANTS } from './server-mutants.ts';
import { SIGNING_MUTANTS } from './signing-mutants.ts';
import { WEBHOOK_MUTANTS } from './webhook-mutants.ts';

const signing = SIGNING_MUTANTS.map(
  ({ killedBy, ...mutant }): Mutant<ServerParts> => ({
    ...mutant,
    killedBy: killedBy.map((id) => `verify-vector-${id}`),
  }),
);

// On the wire these are met as `server-…`; in memory the same probe is called `verify-…`.
const SIGNED_ALREADY = new Set(SIGNING_MUTANTS.map(({ id }) => id));
const NOT_IN_MEMORY = new Set(['HTTP parser', 'rate', 'replay', 'envelope', 'source IP']);

const stateless = SERVER_MUTANTS.map(
  ({ killedBy, ...mutant }): Mutant<ServerParts> => ({
    ...mutant,
    killedBy: killedBy.map((id) => id.replace(/^server-/, 'verify-')),
  }),
).filter(
  ({ id, area, killedBy }) =>
    killedBy.every((each) => verifyIds.has(each)) && !SIGNED_ALREADY.has(id) && !NOT_IN_MEMORY.has(area),
);

/** The mutants that need neither memory nor a network: broken recipes, and broken stateless checks. */
export const VERIFIER_MUTANTS: readonly Mutant<ServerParts>[] = [
  ...signing,
  ...stateless,
  ...WEBHOOK_MUTANTS,
];
