/** A server with one mistake in it, by the name of its mutant; correct without a name. Prints its address when it serves. */
import { SERVER_MUTANTS } from './mutants/server-mutants.ts';
import { startServer } from './reference/server.ts';
import { SERVER } from './reference/server-parts.ts';

const [name] = process.argv.slice(2);
const mutant = SERVER_MUTANTS.find(({ id }) => id === name);
if (name !== undefined && mutant === undefined) throw new Error(`no mutant is called ${name}`);
process.stdout.write(`${await startServer({ ...SERVER, ...mutant?.alter(SERVER) })}\n`);
