import { setTimeout as sleep } from 'node:timers/promises';
import type { CraftedRequest } from '../probes/index.ts';
import { Connection } from '../wire/connection.ts';
import type { ServerAnswer } from './server-answer.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** What every connection holds back until all are ready: the last byte of the body, or the end of the headers. */
export type Hold = 'body' | 'header-end';

const SETTLE_MS = 40;

/**
 * Sends requests over a connection each so that all become complete at once. Plain parallel requests miss real races: a
 * server gets most of the work done before the last one arrives.
 */
export const allAtOnce = async (
  server: ServerUnderTest,
  requests: readonly CraftedRequest[],
  hold: Hold,
): Promise<readonly ServerAnswer[]> => {
  const parts = requests.map((request) => {
    const sent = server.encode(request);
    const { head, body } = sent;
    const bytes = Buffer.concat([head, body]);
    const cut = hold === 'body' ? bytes.length - 1 : head.length - 2;
    return { sent, early: bytes.subarray(0, cut), late: bytes.subarray(cut) };
  });
  const connections = await Promise.all(parts.map(() => Connection.open(server.target.address)));
  try {
    for (const [i, { early }] of parts.entries()) connections[i]?.write(early);
    await sleep(SETTLE_MS);
    for (const [i, { late }] of parts.entries()) connections[i]?.write(late);
    const received = await Promise.all(connections.map((connection) => connection.read()));
    return parts.map(({ sent }, i) => server.read(sent, received[i]));
  } finally {
    for (const connection of connections) connection.close();
  }
};

/** Sends the same bytes over many connections, all complete at once. */
export const simultaneously = (
  server: ServerUnderTest,
  request: CraftedRequest,
  { hold, copies }: { readonly hold: Hold; readonly copies: number },
): Promise<readonly ServerAnswer[]> =>
  allAtOnce(
    server,
    Array.from({ length: copies }, () => request),
    hold,
  );
