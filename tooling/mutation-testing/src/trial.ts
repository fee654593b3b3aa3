import { clientSuite } from '@cpg/conformance/src/client/cases/client-suite.ts';
import { type CaseFilter, createIdMatcher } from '@cpg/conformance/src/core/case-filter.ts';
import type { CaseRecord, ResultRecord } from '@cpg/conformance/src/core/record.ts';
import { run } from '@cpg/conformance/src/core/run.ts';
import { serverSuite } from '@cpg/conformance/src/server/cases/server-suite.ts';
import { adapterVectorSuite } from '@cpg/conformance/src/vectors/vectors-suite.ts';
import { TRUSTED_PROXY } from './reference/addresses.ts';
import { commandLineFor, type Program, type ServerHost, withServer } from './server-host.ts';
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

export const commandFor = (program: Program) => ({
  commandLine: commandLineFor(program)
    .map((part) => `'${part}'`)
    .join(' '),
  isOneShot: false,
});

const SERVER: Program = { program: 'run-mutant.ts', argv: ['server'] };

/** The cases of a server without a clock, a peer or a switch for the store. */
const BLACK_BOX_CASES: CaseFilter = {
  pattern: 'cases of a black box',
  matches: createIdMatcher('server-{real-time,replay-after-many}*'),
};

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
  [/^server-transactions-/, ['transactions']],
  [/^server-(?:deposit|hot-wallet)-/, ['deposits']],
  [/^client-silence-/, ['client: data']],
];

/** Whether a case concerns an area. */
export const isForArea = (id: string, area: string): boolean =>
  !SKIPPED.some(([ids, areas]) => ids.test(id) && !areas.includes(area)) &&
  (area === 'black box') === BLACK_BOX_CASES.matches(id);

/**
 * Judges a server as a black box, by the cases in real time; its clock is moved in place of waiting. It begins
 * early in an odd minute, because some mistakes show in every other minute only.
 */
const judgeBlackBox = async (url: string, filter: CaseFilter): Promise<readonly ResultRecord[]> => {
  const begin = 185 - (Math.floor(Date.now() / 1000) % 120);
  const fastForward = async (seconds: number): Promise<void> => {
    const body = JSON.stringify({ ahead: begin + seconds });
    await fetch(`${url}/_sandbox/clock`, { method: 'PUT', body });
  };
  await fastForward(0);
  const options = { url, keys: DEMO_KEYS, fastForward };
  return run((plan) => plan.add(serverSuite(options, plan)), { filter });
};

/** Judges a server on layer 3; one with two addresses also has every test hook. */
const judgeWithHooks = async (
  [url = '', peerUrl]: readonly string[],
  filter?: CaseFilter,
): Promise<readonly ResultRecord[]> => {
  const hooks = { storeUrl: `${url}/_sandbox/admission`, peerUrl, proxyAddress: TRUSTED_PROXY };
  const options = {
    url,
    keys: DEMO_KEYS,
    clockUrl: `${url}/_sandbox/clock`,
    ...(peerUrl === undefined ? {} : hooks),
  };
  return run((plan) => plan.add(serverSuite(options, plan)), { filter });
};

const areaFilter = (area: string): CaseFilter => ({
  pattern: `cases for the area ${area}`,
  matches: (id) => isForArea(id, area),
});

/** Judges a server program on layer 3, without the slow cases of some areas. */
export const judgeServer = (program: Program): Promise<readonly ResultRecord[]> =>
  withServer(program, (addresses) => judgeWithHooks(addresses, areaFilter('')));

/** A correct implementation, and how to judge it by every case that applies to it. */
export interface Correct {
  readonly kind: Kind;
  readonly judge: () => Promise<readonly ResultRecord[]>;
}

export const CORRECT: readonly Correct[] = [
  { kind: 'server', judge: () => withServer(SERVER, ([url = '']) => judgeBlackBox(url, BLACK_BOX_CASES)) },
  { kind: 'server', judge: () => withServer(SERVER, (addresses) => judgeWithHooks(addresses)) },
  { kind: 'client', judge: () => judgeAdapter({ kind: 'client' }) },
  { kind: 'verifier', judge: () => judgeAdapter({ kind: 'verifier' }) },
];

const judgeAdapter = (
  { kind, id }: { readonly kind: Kind; readonly id?: string },
  filter?: CaseFilter,
): Promise<readonly ResultRecord[]> => {
  const command = commandFor({ program: 'run-mutant.ts', argv: id === undefined ? [kind] : [kind, id] });
  return run(
    (plan) => {
      plan.add(adapterVectorSuite(command, plan));
      if (kind === 'client') plan.add(clientSuite(command, plan));
    },
    { filter },
  );
};

/** Cases that only have a verdict beside others. */
const BESIDE_OTHERS = /-(?:output-hides-secrets|adapter-stops)$/;

/** Judges a mutant by these cases, or by all that concern its area. */
export const judgeMutant = async (
  { kind, id, area }: Omit<Trial, 'killedBy'>,
  { host, ids }: { readonly host: ServerHost; readonly ids?: ReadonlySet<string> },
): Promise<readonly ResultRecord[]> => {
  const isChosen = ids !== undefined && [...ids].some((id) => !BESIDE_OTHERS.test(id));
  const filter = !isChosen
    ? areaFilter(area)
    : { pattern: 'some cases', matches: (each: string) => ids.has(each) };
  if (kind !== 'server') return judgeAdapter({ kind, id }, filter);
  const addresses = await host.serve(id);
  return area === 'black box' ? judgeBlackBox(addresses[0] ?? '', filter) : judgeWithHooks(addresses, filter);
};
