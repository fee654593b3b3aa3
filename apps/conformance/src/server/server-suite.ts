import { Checker } from '../core/checker.ts';
import type { Session, Suite } from '../core/conformance-case.ts';
import type { RunSettings } from '../core/run-settings.ts';
import {
  BALANCE_CASES,
  BODY_CASES,
  CONNECTION_CASES,
  IP_EDGE_CASES,
  KEY_CASES,
  PEER_CASES,
  PERMISSION_CASES,
  PROBE_CASES,
  RACE_CASES,
  RATE_CASES,
  REAL_TIME_CASES,
  REPLAY_CASES,
  REPLAY_MEMORY_CASES,
  type ServerCase,
  SINGLE_PERMISSION_CASES,
  STORE_CASES,
  WITHDRAWAL_CASES,
  WITHDRAWAL_READING_CASES,
  WITHDRAWAL_REFUSAL_CASES,
} from './cases/index.ts';
import { clockNote } from './clock-note.ts';
import { addressOf, readClockOffset } from './contact-server.ts';
import { requireLocalAddress } from './local-address.ts';
import { preflight } from './preflight.ts';
import { SandboxClock } from './sandbox-clock.ts';
import { SandboxStore } from './sandbox-store.ts';
import { type ServerTarget, ServerUnderTest } from './server-under-test.ts';
import { secretsOf, type TestKeys } from './test-keys.ts';

const ALL_CASES = [
  PROBE_CASES,
  KEY_CASES,
  IP_EDGE_CASES,
  BODY_CASES,
  CONNECTION_CASES,
  PERMISSION_CASES,
  SINGLE_PERMISSION_CASES,
  BALANCE_CASES,
  WITHDRAWAL_CASES,
  WITHDRAWAL_REFUSAL_CASES,
  WITHDRAWAL_READING_CASES,
  REPLAY_CASES,
  RACE_CASES,
  STORE_CASES,
  PEER_CASES,
  RATE_CASES,
  REPLAY_MEMORY_CASES,
].flat();

const movesClock = ({ needs }: ServerCase): boolean => needs?.includes('clock') ?? false;

/**
 * The cases of layer 3, in the order they are tried. Those that move the clock come last: a server that has seen a later time may
 * refuse what comes from before it, because it may have forgotten signatures of that time.
 */
export const SERVER_CASES: readonly ServerCase[] = [
  ...ALL_CASES.filter((each) => !movesClock(each)),
  ...REAL_TIME_CASES,
  ...ALL_CASES.filter(movesClock),
];

/** With a movable clock there is nothing left that only waiting could show. */
const casesFor = ({ clockUrl }: ServerOptions): readonly ServerCase[] =>
  clockUrl === undefined ? SERVER_CASES : SERVER_CASES.filter((each) => !REAL_TIME_CASES.includes(each));

export interface ServerOptions {
  /** Where the server listens: `http://host:port`, no path. */
  readonly url: string;
  readonly keys: TestKeys;
  /** The server's movable clock, for the cases that need one. */
  readonly clockUrl?: string | undefined;
  /** The switch of the server's admission store. */
  readonly storeUrl?: string | undefined;
  /** A second instance that shares the admission store: `http://host:port`, no path. */
  readonly peerUrl?: string | undefined;
  /** An address of this machine that the server trusts as a proxy. */
  readonly proxyAddress?: string | undefined;
}

/** What the server offers the cases, beyond answering. */
const capabilitiesOf = (options: ServerOptions): ReadonlySet<string> => {
  const { clockUrl: clock, storeUrl: store, peerUrl: peer, proxyAddress: proxy, keys } = options;
  const { only, withdrawal } = keys;
  const offered = Object.entries({ clock, store, peer, proxy, only, withdrawal });
  return new Set(offered.filter(([, given]) => given !== undefined).map(([name]) => name));
};

const open = async (options: ServerOptions, settings: RunSettings): Promise<Session<ServerUnderTest>> => {
  const { url, keys, clockUrl, storeUrl, peerUrl, proxyAddress } = options;
  const address = addressOf(url);
  for (const secret of secretsOf(keys)) settings.masker.addSecret(secret);
  const clock = clockUrl === undefined ? undefined : new SandboxClock(clockUrl);
  const store = storeUrl === undefined ? undefined : new SandboxStore(storeUrl);
  const peer = peerUrl === undefined ? undefined : addressOf(peerUrl);
  await clock?.release();
  await store?.set('up');
  if (proxyAddress !== undefined) await requireLocalAddress({ ...address, localAddress: proxyAddress });
  const clockOffset = await readClockOffset(address);
  if (peer !== undefined) await readClockOffset(peer);
  const target: ServerTarget = { address, keys, clock, store, peer, proxyAddress, clockOffset };
  const context = (check: Checker) => new ServerUnderTest(target, check, settings);
  const advice = await preflight(context(new Checker()));
  const capabilities = capabilitiesOf(options);
  return {
    implementation: {
      name: url,
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

/** Layer 3: a server, by its address and the keys it knows. */
export const serverSuite = (options: ServerOptions, settings: RunSettings): Suite<ServerUnderTest> => ({
  layer: 'server',
  label: options.url,
  cases: casesFor(options),
  capabilities: capabilitiesOf(options),
  open: () => open(options, settings),
});
