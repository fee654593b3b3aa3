import { join } from 'node:path';
import { clientSuite } from '@cpg/conformance/src/client/client-suite.ts';
import type { ResultRecord } from '@cpg/conformance/src/core/record.ts';
import { run } from '@cpg/conformance/src/core/run.ts';
import { serverSuite } from '@cpg/conformance/src/server/server-suite.ts';
import { adapterVectorSuite } from '@cpg/conformance/src/vectors/vectors-suite.ts';
import { TRUSTED_PROXY } from './reference/addresses.ts';
import { spawnServer } from './spawn-server.ts';
import { DEMO_KEYS } from './suite.ts';

const HERE = import.meta.dirname;

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

/** Cases that take long, or that only mutants of some areas can fail; the others are spared them. */
const SPARED: readonly (readonly [id: RegExp, areas: readonly string[]])[] = [
  [/^server-(?:race-|replay-after-many)/, ['replay']],
  [/^server-ip-edge-/, ['source IP']],
  [/^server-permission-only-/, ['permission']],
  [/^server-(?:body-slow|body-early|body-too-large-connection|target-long)/, ['connection', 'body']],
  [/^server-store-/, ['store']],
  [/^server-peer-/, ['peers']],
  [/^server-balances-/, ['balances']],
  [/^server-withdrawal-/, ['withdrawals']],
];

const spared = (area: string | undefined) => ({
  pattern: `what concerns ${area}`,
  matches: (id: string) => !SPARED.some(([ids, areas]) => ids.test(id) && !areas.includes(area ?? '')),
});

/**
 * Judges a server program on layer 3; with an area, spares it the long cases that do not concern mutants of that area. A program
 * that prints two addresses has every switch, too.
 */
export const judgeServer = async (
  program: string,
  argv: readonly string[],
  { area, isWhole = false }: { readonly area?: string; readonly isWhole?: boolean } = {},
): Promise<readonly ResultRecord[]> => {
  const server = await spawnServer(join(HERE, program), argv);
  try {
    const [url = '', peerUrl] = server.addresses;
    const switches = { storeUrl: `${url}/_sandbox/admission`, peerUrl, proxyAddress: TRUSTED_PROXY };
    const options = {
      url,
      keys: DEMO_KEYS,
      clockUrl: `${url}/_sandbox/clock`,
      ...(peerUrl === undefined ? {} : switches),
    };
    return await run((plan) => plan.add(serverSuite(options, plan)), isWhole ? {} : { filter: spared(area) });
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
  if (kind === 'client') return judgeAdapter('broken-client.ts', argv);
  if (kind === 'verifier') return judgeVerifier(argv);
  return judgeServer(
    'broken-server.ts',
    argv,
    mutant === undefined ? { isWhole: true } : { area: mutant.area },
  );
};
