import { ANSWERS } from '../core/answers.ts';
import { Checker } from '../core/checker.ts';
import type { Session, Suite } from '../core/conformance-case.ts';
import type { RunSettings } from '../core/run-settings.ts';
import { exchange } from '../wire/exchange.ts';
import {
  BODY_CASES,
  KEY_CASES,
  PERMISSION_CASES,
  PROBE_CASES,
  RACE_CASES,
  RATE_CASES,
  REAL_TIME_CASES,
  REPLAY_CASES,
  type ServerCase,
} from './cases/index.ts';
import { SandboxClock } from './sandbox-clock.ts';
import { headerOf, toServerAnswer } from './server-answer.ts';
import { type ServerTarget, ServerUnderTest } from './server-under-test.ts';
import type { TestKeys } from './test-keys.ts';

const ALL_CASES = [
  PROBE_CASES,
  KEY_CASES,
  BODY_CASES,
  PERMISSION_CASES,
  REPLAY_CASES,
  RACE_CASES,
  RATE_CASES,
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
}

const readOffset = async (address: ServerTarget['address']): Promise<number> => {
  const request = `GET /v1/_ping HTTP/1.1\r\nHost: ${address.host}\r\nConnection: close\r\n\r\n`;
  const raw = await exchange(address, Buffer.from(request));
  if (raw === undefined) throw new Error('the server closed the connection without an answer');
  const date = Date.parse(headerOf(toServerAnswer(raw), 'date') ?? '');
  // `Date` says whole seconds, rounded down: half a second off on average.
  return Number.isNaN(date) ? 0 : Math.round((date + 500 - Date.now()) / 1000);
};

/** A server whose clock was moved ahead earlier may refuse everything until then; that must not look like its fault. */
const requirePresentTime = async (server: ServerUnderTest): Promise<void> => {
  const { text } = await server.ask();
  if (text.includes(ANSWERS.alreadyUsed.message))
    throw new Error(
      'the server says that a new signature was used already: an earlier run has moved its clock ahead, so that it cannot know. Start the server afresh.',
    );
};

const open = async (options: ServerOptions, settings: RunSettings): Promise<Session<ServerUnderTest>> => {
  const { hostname, port, protocol } = new URL(options.url);
  if (protocol !== 'http:') throw new Error(`the server's URL must begin with http://: got ${protocol}//`);
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
  for (const { secret } of Object.values(options.keys)) settings.masker.addSecret(secret);
  const clock = options.clockUrl === undefined ? undefined : new SandboxClock(options.clockUrl);
  await clock?.release();
  const clockOffset = await readOffset(address);
  const context = (check: Checker) => new ServerUnderTest(target, check, settings);
  const target: ServerTarget = { address, keys: options.keys, clock, clockOffset };
  if (clock !== undefined) await requirePresentTime(context(new Checker()));
  return {
    implementation: {
      name: options.url,
      notes: [clock === undefined ? 'black box' : 'movable clock', `clock ${clockOffset} s ahead`],
    },
    capabilities: new Set(clock === undefined ? [] : ['clock']),
    context,
    close: async () => clock?.release(),
  };
};

/** Layer 3: a server, by its address and the keys it knows. */
export const serverSuite = (options: ServerOptions, settings: RunSettings): Suite<ServerUnderTest> => ({
  layer: 'server',
  label: options.url,
  cases: casesFor(options),
  open: () => open(options, settings),
});
