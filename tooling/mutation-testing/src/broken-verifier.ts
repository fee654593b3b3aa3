/** A verifier with one mistake in it, by the name of its mutant; correct without a name. */
import { VERIFIER_MUTANTS } from './mutants/verifier-layer-mutants.ts';
import { SERVER } from './reference/server-parts.ts';
import { serveVerifier } from './reference/verifier-adapter.ts';

const [name] = process.argv.slice(2);
const mutant = VERIFIER_MUTANTS.find(({ id }) => id === name);
if (name !== undefined && mutant === undefined) throw new Error(`no mutant is called ${name}`);
serveVerifier({ ...SERVER, ...mutant?.alter(SERVER) });
