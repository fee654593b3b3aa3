import { join } from 'node:path';
import { clientSuite } from '@cpg/conformance/src/client/cases/client-suite.ts';
import { createCaseFilter } from '@cpg/conformance/src/core/case-filter.ts';
import type { CaseRecord, ResultRecord } from '@cpg/conformance/src/core/record.ts';
import { run } from '@cpg/conformance/src/core/run.ts';
import { serverSuite } from '@cpg/conformance/src/server/cases/server-suite.ts';
import { adapterVectorSuite } from '@cpg/conformance/src/vectors/vectors-suite.ts';
import { startProcess } from '@cpg/test-support/processes';
import { TRUSTED_PROXY } from './reference/addresses.ts';
import { DEMO_KEYS } from './suite.ts';

/** What a mutant replaces. A mutant meets the suite through the same drivers as any other implementation. */
export type Kind = 'client' | 'verifier' | 'server';

/** One mutant, and the cases that must kill it. */
export interface Trial {
  readonly kind: Kind;
  readonly id: string;
  readonly area: string;
  readonly killedBy: readonly string[];
}

/** The cases that a mutant failed. An error is not a verdict, so it does not kill. */
export interface TrialResult {
  readonly trial: Trial;
  readonly failed: readonly string[];
}

export const failuresIn = (records: readonly ResultRecord[]): readonly string[] =>
  records
    .filter(
      (record): record is CaseRecord =>
        record.type === 'case' && (record.verdict === 'fail' || record.verdict === 'warn'),
    )
    .map(({ id }) => id);

const HERE = import.meta.dirname;

/** A program of this folder. */
export interface Program {
  readonly program: string;
  readonly argv: readonly string[];
}

/** A server in a process of its own, which prints its addresses once it serves. */
const spawnServer = async ({ program, argv }: Program) => {
  const command = [process.execPath, ...process.execArgv, join(HERE, program), ...argv];
  const { printed, stop } = await startProcess({ command, ready: /^http:/ });
  return { addresses: printed.trim().split(' '), stop: () => stop('SIGKILL') };
};

export const commandFor = ({ program, argv }: Program) => ({
  commandLine: [process.execPath, ...process.execArgv, join(HERE, program), ...argv]
    .map((part) => `'${part}'`)
    .join(' '),
  isOneShot: false,
});

/**
 * Cases that take long, or that only mutants of some areas can fail. They are skipped for the other areas.
 */
const SKIPPED: readonly (readonly [id: RegExp, areas: readonly string[]])[] = [
  [/^server-race-/, ['replay']],
  [/^server-replay-after-10000/, ['replay bounds']],
  [/^server-ip-edge-/, ['source IP']],
  [/^server-permission-only-/, ['permission']],
  [
    /^server-(?:body-slow|body-early|body-too-large-connection|target-long|smuggle|arrives|pipelined)/,
    ['connection', 'body'],
  ],
  [/^server-store-/, ['store']],
  [/^server-peer-/, ['peers']],
  [/^server-balances-/, ['balances']],
  [/^server-(?:fields|collections)-/, ['content']],
  [/^server-withdrawal-/, ['withdrawals', 'money']],
  [/^server-settlement-/, ['settlement']],
  [/^client-silence-/, ['client: data']],
];

const filterFor = (area: string | undefined) => ({
  pattern: `cases for the area ${area}`,
  matches: (id: string) => !SKIPPED.some(([ids, areas]) => ids.test(id) && !areas.includes(area ?? '')),
});

/** Judges a server program as a black box, by the cases in real time; its clock is moved in place of waiting. */
const judgeBlackBox = async (program: Program): Promise<readonly ResultRecord[]> => {
  const server = await spawnServer(program);
  try {
    const [url = ''] = server.addresses;
    const fastForward = async (ahead: number): Promise<void> => {
      await fetch(`${url}/_sandbox/clock`, { method: 'PUT', body: JSON.stringify({ ahead }) });
    };
    const options = { url, keys: DEMO_KEYS, fastForward };
    return await run((plan) => plan.add(serverSuite(options, plan)), {
      filter: createCaseFilter('server-{real-time,replay-after-many}*'),
    });
  } finally {
    await server.stop();
  }
};

/**
 * Judges a server program on layer 3; unless `isWhole`, without the slow cases of other areas. A program that
 * prints two addresses also has every test hook.
 */
export const judgeServer = async (
  program: Program,
  { area, isWhole = false }: { readonly area?: string; readonly isWhole?: boolean } = {},
): Promise<readonly ResultRecord[]> => {
  if (area === 'black box') return judgeBlackBox(program);
  const server = await spawnServer(program);
  try {
    const [url = '', peerUrl] = server.addresses;
    const hooks = { storeUrl: `${url}/_sandbox/admission`, peerUrl, proxyAddress: TRUSTED_PROXY };
    const options = {
      url,
      keys: DEMO_KEYS,
      clockUrl: `${url}/_sandbox/clock`,
      ...(peerUrl === undefined ? {} : hooks),
    };
    return await run(
      (plan) => plan.add(serverSuite(options, plan)),
      isWhole ? {} : { filter: filterFor(area) },
    );
  } finally {
    await server.stop();
  }
};

/** Judges one mutant; the correct implementation without one. */
export const judgeMutant = async (
  kind: Kind,
  mutant?: { readonly id: string; readonly area: string },
): Promise<readonly ResultRecord[]> => {
  const program = { program: 'run-mutant.ts', argv: mutant === undefined ? [kind] : [kind, mutant.id] };
  if (kind === 'server' && mutant === undefined)
    return [...(await judgeServer(program, { isWhole: true })), ...(await judgeBlackBox(program))];
  if (kind === 'server') return judgeServer(program, { area: mutant?.area ?? '' });
  const command = commandFor(program);
  return run(
    (plan) => {
      plan.add(adapterVectorSuite(command, plan));
      if (kind === 'client') plan.add(clientSuite(command, plan));
    },
    mutant === undefined ? {} : { filter: filterFor(mutant.area) },
  );
};
