import type { ServerParts } from '../reference/server-parts.ts';
import type { Mutant } from './mutant.ts';
import { SERVER_MUTANTS } from './server-mutants.ts';
import { SIGNING_MUTANTS } from './signing-mutants.ts';

const STATELESS = new Set(['compare', 'timestamp', 'headers', 'target', 'lenient']);

const signing = SIGNING_MUTANTS.map(
  ({ killedBy, ...mutant }): Mutant<ServerParts> => ({
    ...mutant,
    killedBy: killedBy.map((id) => `verify-vector-${id}`),
  }),
);

// On the wire these are met as `server-…`; in memory the same probe is called `verify-…`.
const stateless = SERVER_MUTANTS.filter(({ area }) => STATELESS.has(area)).map(
  ({ killedBy, ...mutant }): Mutant<ServerParts> => ({
    ...mutant,
    killedBy: killedBy.map((id) => id.replace(/^server-/, 'verify-')),
  }),
);

/** The mutants that need neither memory nor a network: broken recipes, and broken stateless checks. */
export const VERIFIER_MUTANTS: readonly Mutant<ServerParts>[] = [...signing, ...stateless];
