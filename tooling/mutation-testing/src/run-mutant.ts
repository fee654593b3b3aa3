/**
 * A reference implementation with one mistake: `node src/run-mutant.ts client|verifier|server [id of a mutant
 * or a variant]`. Without an id it is correct. A client and a verifier speak the adapter protocol; a server prints
 * its addresses once it serves.
 */
import type { Mutant } from './mutants/mutant.ts';
import { CLIENT_VARIANTS, SERVER_VARIANTS } from './mutants/variants.ts';
import type { Kind } from './trial.ts';

const [kind, id] = process.argv.slice(2) as [Kind, string?];

/** The steps of the correct implementation, with those replaced that the mutant alters. */
const applyMutant = <Parts extends object>(
  correct: Parts,
  mutants: readonly Pick<Mutant<Parts>, 'id' | 'alter'>[],
): Parts => {
  const mutant = mutants.find((each) => each.id === id);
  if (id !== undefined && mutant === undefined) throw new Error(`There is no ${kind} mutant ${id}.`);
  return { ...correct, ...mutant?.alter(correct) };
};

// Every mutant is a process of its own, so each kind loads only what it needs.
if (kind === 'client') {
  const { CLIENT_MUTANTS } = await import('./mutants/client-mutants.ts');
  const { serveAdapter } = await import('./reference/client-adapter.ts');
  const { CLIENT } = await import('./reference/client-parts.ts');
  await serveAdapter(
    applyMutant(CLIENT, [...CLIENT_MUTANTS, ...CLIENT_VARIANTS]),
    id === undefined ? 'correct' : `mutant: ${id}`,
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
    process.stdout.write(
      `${await startServer(applyMutant(SERVER, [...SERVER_MUTANTS, ...SERVER_VARIANTS]))}\n`,
    );
  }
}
