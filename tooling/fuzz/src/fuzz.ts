import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { exchange, type Response } from './connection.ts';
import { HostileRequests, type Stream } from './hostile-requests.ts';
import { Comparison, type Disagreement, Verifier } from './judge.ts';
import { FIRST_SECOND } from './keys.ts';
import type { Arrived, Order, ServerState } from './server-program.ts';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** Called with a line about the progress. */
  readonly print: (line: string) => void;
}

export interface FuzzResult {
  readonly requests: number;
  readonly seconds: number;
  /** How often each decision was made. */
  readonly decisions: ReadonlyMap<string, number>;
  readonly disagreements: readonly Disagreement[];
  /** What the server logged: it should log nothing. */
  readonly serverErrors: readonly string[];
  readonly isServerAlive: boolean;
  /** After each tenth of the requests. */
  readonly memory: readonly ServerState[];
}

const ROUND = 2_000;
/** Simulated seconds between two rounds: signatures expire during a long run, so that memory can be flat. */
const SECONDS_A_ROUND = 20;
const CONNECTIONS = 16;
const MAX_DISAGREEMENTS = 20;
const PROGRAM = fileURLToPath(new URL('./server-program.ts', import.meta.url));
/** The server runs the sources, with a heap in which a leak shows, and a collector that the parent need not call. */
const EXEC_ARGV = ['--conditions=@cpg/source', '--max-semi-space-size=4'];

const describe = ({ method, target, body }: Arrived): string => {
  const [path, ...query] = target.split('?');
  const bodyHash = createHash('sha256').update(Buffer.from(body, 'base64')).digest('hex');
  return [method, path, query.join('?'), bodyHash].join('\n');
};

/**
 * Sends hostile requests over real sockets to an Express server with `cpgAuth`, and compares every decision with that of a
 * verifier in Python. Stops after 20 disagreements. The requests depend on the seed alone.
 */
export const runFuzz = async ({ requests, seed, print }: FuzzOptions): Promise<FuzzResult> => {
  const startedAt = performance.now();
  const server = fork(PROGRAM, { execArgv: EXEC_ARGV });
  const verifier = new Verifier();
  const hostile = new HostileRequests(seed);
  const decisions = new Map<string, number>();
  const count = (kind: string) => decisions.set(kind, (decisions.get(kind) ?? 0) + 1);
  const disagreements: Disagreement[] = [];
  const memory: ServerState[] = [];
  let sent = 0;
  let state: ServerState | undefined;
  try {
    const port = (await receive(server)) as number;
    await verifier.ready;
    for (let round = 0; sent < requests && disagreements.length < MAX_DISAGREEMENTS; round += 1) {
      const now = FIRST_SECOND + round * SECONDS_A_ROUND;
      const size = Math.min(ROUND, requests - sent);
      state = await setTime(server, { now });
      const streams = hostile.createRound(size, { round, now });
      const [judged, responses] = await Promise.all([
        verifier.judge(now, streams),
        exchangeAll(port, streams),
      ]);
      const comparison = new Comparison(count, describe);
      for (const [index, stream] of streams.entries())
        comparison.addStream(stream, judged[index] ?? [], responses[index] ?? []);
      comparison.finish();
      disagreements.push(...comparison.disagreements);
      const acceptable = await verifier.judgeArrived(
        now,
        comparison.unparsed.map(({ arrived }) => arrived),
      );
      for (const [index, { arrived, stream }] of comparison.unparsed.entries()) {
        count('accepted, in a syntax that the verifier does not know');
        if (acceptable[index] === true) continue;
        const received = describe(arrived);
        disagreements.push({ kind: 'wrongly accepted', expected: 'malformed', received, stream });
      }
      sent += size;
      if (memory.length < Math.floor((10 * sent) / requests)) {
        state = await setTime(server, { now });
        memory.push(state);
        print(formatProgress({ sent, startedAt, state }));
      }
    }
  } finally {
    verifier.stop();
    if (server.connected) server.disconnect();
  }
  return {
    requests: sent,
    seconds: (performance.now() - startedAt) / 1000,
    decisions,
    disagreements,
    serverErrors: state?.errors ?? [],
    isServerAlive: server.exitCode === null,
    memory,
  };
};

const MEGABYTE = 1024 * 1024;

const formatProgress = ({
  sent,
  startedAt,
  state,
}: {
  readonly sent: number;
  readonly startedAt: number;
  readonly state: ServerState;
}): string => {
  const perSecond = (1000 * sent) / (performance.now() - startedAt);
  const [heap, rss] = [state.heapBytes, state.rssBytes].map((bytes) => (bytes / MEGABYTE).toFixed(1));
  const [load = 0] = loadavg();
  return `${sent} requests, ${perSecond.toFixed(0)} a second; server: heap ${heap} MiB, RSS ${rss} MiB, ${state.liveSignatures} live signatures; load average ${load.toFixed(1)}`;
};

/** The next message of the server; fails if the server ends. */
const receive = async (server: ChildProcess): Promise<unknown> => {
  const ended = new AbortController();
  try {
    const [message] = await Promise.race([
      once(server, 'message', ended),
      once(server, 'exit', ended).then(([code]) =>
        Promise.reject(new Error(`The server ended with ${code}.`)),
      ),
    ]);
    return message;
  } finally {
    ended.abort();
  }
};

const setTime = (server: ChildProcess, order: Order): Promise<ServerState> => {
  server.send(order);
  return receive(server) as Promise<ServerState>;
};

const exchangeAll = async (port: number, streams: readonly Stream[]): Promise<Response[][]> => {
  const responses: Response[][] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < streams.length; index = next++)
      responses[index] = await exchange(port, streams[index] as Stream);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  return responses;
};
