import { setTimeout as sleep } from 'node:timers/promises';
import type { CraftedRequest } from '../probes/index.ts';
import { openSocket, readAnswer } from '../wire/exchange.ts';
import type { ServerAnswer } from './server-answer.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** What every connection holds back until all are ready: the last byte of the body, or the end of the headers. */
export type Hold = 'body' | 'header-end';

const SETTLE_MS = 40;

/**
 * Sends the same bytes over many connections so that all become complete at once. Plain parallel requests miss real races: a
 * server gets most of the work done before the last one arrives.
 */
export const simultaneously = async (
  server: ServerUnderTest,
  request: CraftedRequest,
  { hold, copies }: { readonly hold: Hold; readonly copies: number },
): Promise<readonly ServerAnswer[]> => {
  const { head, body } = server.encode(request);
  const bytes = Buffer.concat([head, body]);
  const cut = hold === 'body' ? bytes.length - 1 : head.length - 2;
  const sockets = await Promise.all(Array.from({ length: copies }, () => openSocket(server.target.address)));
  const answers = sockets.map((socket) => readAnswer(socket));
  for (const socket of sockets) socket.write(bytes.subarray(0, cut));
  await sleep(SETTLE_MS);
  for (const socket of sockets) socket.write(bytes.subarray(cut));
  return (await Promise.all(answers)).map((raw) => server.read(head, raw));
};
