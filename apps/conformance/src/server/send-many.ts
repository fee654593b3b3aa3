import type { CraftedRequest } from '../probes/index.ts';
import { Connection } from '../wire/connection.ts';
import { headerOf, type ServerAnswer } from './server-answer.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const CONNECTIONS = 4;

const isLast = (answer: ServerAnswer): boolean => /\bclose\b/i.test(headerOf(answer, 'connection') ?? '');

/**
 * Sends many requests in little time: over a few connections that are kept open, if the server keeps them, one after the other on
 * each. Tells of every answer as it comes.
 */
export const sendMany = async (
  server: ServerUnderTest,
  requests: readonly CraftedRequest[],
  onAnswer: (answer: ServerAnswer) => void,
): Promise<void> => {
  const queue = requests.values();
  const sendInTurn = async (): Promise<void> => {
    let connection: Connection | undefined;
    try {
      for (const request of queue) {
        connection ??= await Connection.open(server.target.address);
        const sent = server.encode(request, { keepAlive: true });
        connection.write(Buffer.concat([sent.head, sent.body]));
        const answer = server.read(sent, await connection.read());
        onAnswer(answer);
        if (isLast(answer) || connection.isClosed) {
          connection.close();
          connection = undefined;
        }
      }
    } finally {
      connection?.close();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sendInTurn));
};
