/**
 * A reference implementation with one mistake: `node src/run-mutant.ts client|verifier|server [id of a mutant
 * or a variant]`. Without an id it is correct. A client and a verifier speak the adapter protocol; a server prints
 * its addresses once it serves. `node src/run-mutant.ts servers` starts a server for each id on standard input.
 */
import { readLines } from '@cpg/test-support/processes';
import type { Mutant } from './mutants/mutant.ts';
import { CLIENT_VARIANTS, SERVER_VARIANTS } from './mutants/variants.ts';
import type { Kind } from './trial.ts';

const [kind, given] = process.argv.slice(2) as [Kind | 'servers', string?];

/** The steps of the correct implementation, with those replaced that the mutant alters. */
const applyMutant = <Parts extends object>(
  correct: Parts,
  mutants: readonly Pick<Mutant<Parts>, 'id' | 'alter'>[],
  id = given,
): Parts => {
  const mutant = mutants.find((each) => each.id === id);
  if (id !== undefined && mutant === undefined) throw new Error(`There is no mutant ${id} of this kind.`);
  return { ...correct, ...mutant?.alter(correct) };
};

// A client or verifier is a process of its own, so each kind loads only what it needs.
if (kind === 'client') {
  const { CLIENT_MUTANTS } = await import('./mutants/client-mutants.ts');
  const { serveAdapter } = await import('./reference/client-adapter.ts');
  const { CLIENT } = await import('./reference/client-parts.ts');
  await serveAdapter(
    applyMutant(CLIENT, [...CLIENT_MUTANTS, ...CLIENT_VARIANTS]),
    given === undefined ? 'correct' : `mutant: ${given}`,
  );
} else {
  const { SERVER } = await import('./reference/server-parts.ts');
  if (kind === 'verifier') {
    const { VERIFIER_MUTANTS } = await import('./mutants/verifier-mutants.ts');
    const { serveVerifier } = await import('./reference/verifier-adapter.ts');
    await serveVerifier(applyMutant(SERVER, VERIFIER_MUTANTS));
  } else {
    const { SERVER_MUTANTS } = await import('./mutants/server-mutants.ts');
    const { startServer } = await import('./reference/server.ts');
    const serve = async (id?: string): Promise<void> => {
      const parts = applyMutant(SERVER, [...SERVER_MUTANTS, ...SERVER_VARIANTS], id);
      process.stdout.write(`${await startServer(parts)}\n`);
    };
    if (kind === 'server') await serve(given);
    else for await (const id of readLines(process.stdin)) await serve(id);
  }
}
