import { Checker } from '../../core/checker.ts';
import type { RunSettings } from '../../core/run-settings.ts';
import type { Session, Suite } from '../../core/suite.ts';
import {
  assertLocalAddress,
  checkWithdrawalTerms,
  clockNote,
  parseAddress,
  preflight,
  readClockOffset,
} from '../preflight.ts';
import type { ServerCase } from '../server-under-test.ts';
import { type ServerTarget, ServerUnderTest } from '../server-under-test.ts';
import { StartedServer } from '../started-server.ts';
import { SandboxClock, SandboxStore } from '../test-hooks.ts';
import { getSecrets, type TestKeys } from '../test-keys.ts';
import { BALANCE_CASES } from './balance-cases.ts';
import { BODY_CASES } from './body-cases.ts';
import { CONNECTION_CASES } from './connection-cases.ts';
import { CONTENT_CASES, FILTER_CASES } from './content-cases.ts';
import { CREDENTIAL_CASES, ODD_SECRET_CASES } from './credential-cases.ts';
import { DEPOSIT_CASES } from './deposit-cases.ts';
import { IP_EDGE_CASES } from './ip-edge-cases.ts';
import { KEY_CASES } from './key-cases.ts';
import { MONEY_CASES } from './money-cases.ts';
import { METHOD_CASES, OVERRIDE_CASES } from './override-cases.ts';
import { PEER_CASES } from './peer-cases.ts';
import { PERMISSION_CASES, SINGLE_PERMISSION_CASES } from './permission-cases.ts';
import { PROBE_CASES } from './probe-cases.ts';
import { RATE_CASES } from './rate-cases.ts';
import { REAL_TIME_CASES } from './real-time-cases.ts';
import { RACE_CASES, REPLAY_CASES } from './replay-cases.ts';
import { REPLAY_MEMORY_CASES } from './replay-memory-cases.ts';
import { SETTLEMENT_CASES } from './settlement-cases.ts';
import { SMUGGLING_CASES } from './smuggling-cases.ts';
import { STORE_CASES } from './store-cases.ts';
import { TRANSACTION_CASES } from './transaction-cases.ts';
import { WITHDRAWAL_CASES } from './withdrawal-cases.ts';
import { WITHDRAWAL_READING_CASES } from './withdrawal-reading-cases.ts';
import { WITHDRAWAL_REJECTION_CASES } from './withdrawal-rejection-cases.ts';

const ALL_CASES = [
  PROBE_CASES,
  KEY_CASES,
  CREDENTIAL_CASES,
  OVERRIDE_CASES,
  METHOD_CASES,
  ODD_SECRET_CASES,
  IP_EDGE_CASES,
  BODY_CASES,
  CONNECTION_CASES,
  SMUGGLING_CASES,
  PERMISSION_CASES,
  SINGLE_PERMISSION_CASES,
  BALANCE_CASES,
  FILTER_CASES,
  CONTENT_CASES,
  DEPOSIT_CASES,
  WITHDRAWAL_CASES,
  WITHDRAWAL_REJECTION_CASES,
  WITHDRAWAL_READING_CASES,
  MONEY_CASES,
  TRANSACTION_CASES,
  SETTLEMENT_CASES,
  REPLAY_CASES,
  RACE_CASES,
  STORE_CASES,
  PEER_CASES,
  RATE_CASES,
  REPLAY_MEMORY_CASES,
].flat();

const movesClock = ({ needs }: ServerCase): boolean => needs?.includes('clock') ?? false;

/**
 * The cases of layer 3, in the order they run. Cases that move the clock come last: a server that has seen a
 * later time may reject earlier timestamps, because it may have deleted signatures of that time.
 */
export const SERVER_CASES: readonly ServerCase[] = [
  ...ALL_CASES.filter((each) => !movesClock(each)),
  ...REAL_TIME_CASES,
  ...ALL_CASES.filter(movesClock),
];

/** With a movable clock, the cases that wait in real time are not needed. */
const casesFor = ({ clockUrl }: ServerOptions): readonly ServerCase[] =>
  clockUrl === undefined ? SERVER_CASES : SERVER_CASES.filter((each) => !REAL_TIME_CASES.includes(each));

export interface ServerOptions {
  /** Where the server listens: `http://host:port`, no path. */
  readonly url: string;
  readonly keys: TestKeys;
  /** The server's movable clock, for the cases that need one. */
  readonly clockUrl?: string | undefined;
  /** The command line that starts it; without one, it must run already. */
  readonly start?: string | undefined;
  /** Its name in the reports. @default url */
  readonly name?: string | undefined;
  /** The URL that switches the server's admission store on and off. */
  readonly storeUrl?: string | undefined;
  /** A second instance that shares the admission store: `http://host:port`, no path. */
  readonly peerUrl?: string | undefined;
  /** An address of this machine that the server trusts as a proxy. */
  readonly proxyAddress?: string | undefined;
  /** See `ServerTarget`. */
  readonly fastForward?: ServerTarget['fastForward'];
}

/** The optional test hooks and keys that the server has. */
const getCapabilities = (options: ServerOptions): ReadonlySet<string> => {
  const { clockUrl: clock, storeUrl: store, peerUrl: peer, proxyAddress: proxy, keys } = options;
  const { only, odd, withdrawal } = keys;
  const failing = withdrawal?.failing_to_address;
  const offered = Object.entries({ clock, store, peer, proxy, only, odd, withdrawal, failing });
  return new Set(offered.filter(([, given]) => given !== undefined).map(([name]) => name));
};

/** Starts the server when the run has to, and stops it when it cannot be judged. */
const open = async (options: ServerOptions, settings: RunSettings): Promise<Session<ServerUnderTest>> => {
  const { url, peerUrl, start } = options;
  if (start === undefined) return connect(options, settings);
  const addresses = [url, ...(peerUrl === undefined ? [] : [peerUrl])].map(parseAddress);
  const started = new StartedServer({ commandLine: start, addresses });
  await started.start();
  try {
    const session = await connect(options, settings);
    return {
      ...session,
      prepare: () => started.prepare(),
      findEnd: () => started.findEnd(),
      close: async () => {
        await session.close().catch(() => undefined);
        await started.stop();
      },
    };
  } catch (error) {
    const end = await started.findEnd();
    await started.stop();
    throw end === undefined ? error : new Error(end, { cause: error });
  }
};

const connect = async (options: ServerOptions, settings: RunSettings): Promise<Session<ServerUnderTest>> => {
  const { url, keys, clockUrl, storeUrl, peerUrl, proxyAddress, fastForward } = options;
  const address = parseAddress(url);
  for (const secret of getSecrets(keys)) settings.masker.addSecret(secret);
  const clock = clockUrl === undefined ? undefined : new SandboxClock(clockUrl);
  const store = storeUrl === undefined ? undefined : new SandboxStore(storeUrl);
  const peer = peerUrl === undefined ? undefined : parseAddress(peerUrl);
  await clock?.release();
  await store?.set('up');
  if (proxyAddress !== undefined) await assertLocalAddress({ ...address, localAddress: proxyAddress });
  const clockOffset = await readClockOffset(address);
  if (peer !== undefined) await readClockOffset(peer);
  const target: ServerTarget = { address, keys, clock, store, peer, proxyAddress, clockOffset, fastForward };
  const context = (check: Checker) => new ServerUnderTest(target, check, settings);
  const keyNotes = await preflight(context(new Checker()));
  const advice = [...keyNotes, ...(await checkWithdrawalTerms(context(new Checker())))];
  const capabilities = getCapabilities(options);
  return {
    implementation: {
      name: options.name ?? url,
      notes: [
        capabilities.size === 0 ? 'black box' : `with: ${[...capabilities].join(', ')}`,
        clockNote(clockOffset),
        ...advice,
      ],
    },
    capabilities,
    context,
    close: async () => {
      await store?.set('up');
      await clock?.release();
    },
  };
};

/** Layer 3: a server, by its address and its keys. */
export const serverSuite = (options: ServerOptions, settings: RunSettings): Suite<ServerUnderTest> => ({
  layer: 'server',
  label: options.name ?? options.url,
  cases: casesFor(options),
  capabilities: getCapabilities(options),
  open: () => open(options, settings),
});
