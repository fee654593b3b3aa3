import { pause, scaleDeadline } from '../core/case-scope.ts';
import type { CraftedRequest } from '../core/probes/index.ts';
import { Connection } from '../wire/connection.ts';
import { getHeader, type ServerResponse } from './server-response.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const CONNECTIONS = 4;

const isLast = (response: ServerResponse): boolean =>
  /\bclose\b/i.test(getHeader(response, 'connection') ?? '');

/** Sends requests one after the other over one connection, and over another one whenever the server closes it. */
const sendAll = async (
  server: ServerUnderTest,
  requests: Iterable<CraftedRequest>,
  onResponse: (response: ServerResponse) => void,
): Promise<void> => {
  let connection: Connection | undefined;
  try {
    for (const request of requests) {
      connection ??= await Connection.open(server.target.address);
      const sent = server.encode(request, { keepAlive: true });
      connection.write(Buffer.concat([sent.head, sent.body]));
      const response = await server.receive(sent, connection);
      onResponse(response);
      if (isLast(response) || connection.isClosed) {
        connection.close();
        connection = undefined;
      }
    }
  } finally {
    connection?.close();
  }
};

/** The responses to requests that are sent one after the other, over one connection if the server allows. */
export const sendInTurn = async (
  server: ServerUnderTest,
  requests: readonly CraftedRequest[],
): Promise<readonly ServerResponse[]> => {
  const responses: ServerResponse[] = [];
  await sendAll(server, requests, (response) => responses.push(response));
  return responses;
};

/**
 * Sends many requests in little time: over a few connections that stay open if the server allows, one after
 * the other on each. Calls `onResponse` for each response.
 */
export const sendMany = async (
  server: ServerUnderTest,
  requests: readonly CraftedRequest[],
  onResponse: (response: ServerResponse) => void,
): Promise<void> => {
  const queue = requests.values();
  await Promise.all(Array.from({ length: CONNECTIONS }, () => sendAll(server, queue, onResponse)));
};

/**
 * The part that every connection holds back until all are ready: the last byte of the body, or the end of the
 * headers.
 */
export type Hold = 'body' | 'header-end';

const SETTLE_MS = 40;

/**
 * Sends requests over a connection each so that all become complete at once. Plain parallel requests miss
 * races: a server finishes most of the work before the last one arrives.
 */
export const allAtOnce = async (
  server: ServerUnderTest,
  requests: readonly CraftedRequest[],
  hold: Hold,
): Promise<readonly ServerResponse[]> => {
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
    await pause(scaleDeadline(SETTLE_MS));
    for (const [i, { late }] of parts.entries()) connections[i]?.write(late);
    return await Promise.all(
      connections.map((connection, i) =>
        server.receive((parts[i] as (typeof parts)[number]).sent, connection),
      ),
    );
  } finally {
    for (const connection of connections) connection.close();
  }
};

/** Sends the same bytes over many connections, all complete at once. */
export const simultaneously = (
  server: ServerUnderTest,
  request: CraftedRequest,
  { hold, copies }: { readonly hold: Hold; readonly copies: number },
): Promise<readonly ServerResponse[]> =>
  allAtOnce(
    server,
    Array.from({ length: copies }, () => request),
    hold,
  );
