import { join } from 'node:path';
import { clientSuite } from '../client/client-suite.ts';
import { readKeys } from '../commands/read-inputs.ts';
import type { ResultRecord } from '../core/record.ts';
import { run } from '../core/run.ts';
import { serverSuite } from '../server/server-suite.ts';
import { adapterVectorSuite } from '../vectors/vectors-suite.ts';
import { spawnServer } from './spawn-server.ts';

const HERE = import.meta.dirname;
const KEYS = join(HERE, '../../demo-keys.json');

/** How a broken implementation is met: always through the drivers that anyone's implementation meets. */
export type Kind = 'client' | 'verifier' | 'server';

export const commandFor = (program: string, argv: readonly string[]) => ({
  commandLine: [process.execPath, ...process.execArgv, join(HERE, program), ...argv]
    .map((part) => `'${part}'`)
    .join(' '),
  isOneShot: false,
});

/** Judges an adapter program on layers 1 and 2. */
export const judgeAdapter = (program: string, argv: readonly string[]): Promise<readonly ResultRecord[]> =>
  run((plan) => {
    const command = commandFor(program, argv);
    plan.add(adapterVectorSuite(command, plan));
    plan.add(clientSuite(command, plan));
  });

const judgeVerifier = (argv: readonly string[]): Promise<readonly ResultRecord[]> =>
  run((plan) => plan.add(adapterVectorSuite(commandFor('broken-verifier.ts', argv), plan)));

/** Judges a server program on layer 3; without the races, which take long, when it has no memory to race for. */
export const judgeServer = async (
  program: string,
  argv: readonly string[],
  { isRaced = true }: { readonly isRaced?: boolean } = {},
): Promise<readonly ResultRecord[]> => {
  const server = await spawnServer(join(HERE, program), argv);
  try {
    const options = { url: server.url, keys: readKeys(KEYS), clockUrl: `${server.url}/_sandbox/clock` };
    const filter = { pattern: 'no races', matches: (id: string) => !id.startsWith('server-race-') };
    return await run((plan) => plan.add(serverSuite(options, plan)), isRaced ? {} : { filter });
  } finally {
    await server.stop();
  }
};

/** Judges one mutant; the correct implementation without one. */
export const judgeMutant = (
  kind: Kind,
  mutant?: { readonly id: string; readonly area: string },
): Promise<readonly ResultRecord[]> => {
  const argv = mutant === undefined ? [] : [mutant.id];
  const isRaced = mutant === undefined || mutant.area === 'replay';
  if (kind === 'client') return judgeAdapter('broken-client.ts', argv);
  return kind === 'verifier' ? judgeVerifier(argv) : judgeServer('broken-server.ts', argv, { isRaced });
};
