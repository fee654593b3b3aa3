/** An adapter with one mistake in it, by the name of its mutant; correct without a name. */
import { CLIENT_MUTANTS } from './mutants/client-mutants.ts';
import { serveAdapter } from './reference/client-adapter.ts';
import { CLIENT } from './reference/client-parts.ts';

const [name] = process.argv.slice(2);
const mutant = CLIENT_MUTANTS.find(({ id }) => id === name);
if (name !== undefined && mutant === undefined) throw new Error(`no mutant is called ${name}`);
serveAdapter({ ...CLIENT, ...mutant?.alter(CLIENT) }, name === undefined ? 'correct' : `broken: ${name}`);
