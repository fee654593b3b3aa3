import { setTimeout as delay } from 'node:timers/promises';
import { ServerMiddlewareError } from '../../server-middleware-error.ts';
import { ADMIT_SCRIPT, ADMIT_SCRIPT_SHA1 } from './admit-script.ts';
import type { RedisConnection, ScriptCall } from './redis-connection.ts';
import { isLostConnection } from './redis-error.ts';

const POLL_MS = 20;
const ATTEMPTS = 2;

/**
 * Runs the admit script by its hash, and by its text when Redis does not know it. While the client reconnects nothing is
 * sent, so commands are never queued to use up a signature later. A call whose reply was lost with its connection is made
 * once more: the claim in `call` makes the second recognise what the first did. An error reply is final. `isLate` ends it
 * all.
 */
export const runScript = async (
  connection: RedisConnection,
  call: ScriptCall,
  isLate: () => boolean,
): Promise<unknown> => {
  for (let attempt = 1; ; attempt += 1) {
    await untilReady(connection, isLate);
    try {
      return await evaluate(connection, call);
    } catch (error) {
      if (attempt === ATTEMPTS || isLate() || !isLostConnection(error)) throw error;
    }
  }
};

const untilReady = async (connection: RedisConnection, isLate: () => boolean): Promise<void> => {
  while (!connection.isReady()) {
    if (isLate()) throw new ServerMiddlewareError('store_unavailable', 'Redis is not connected.');
    await delay(POLL_MS);
  }
};

const evaluate = async (connection: RedisConnection, call: ScriptCall): Promise<unknown> => {
  try {
    return await connection.evalSha(ADMIT_SCRIPT_SHA1, call);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return connection.eval(ADMIT_SCRIPT, call);
  }
};
