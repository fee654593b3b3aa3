import { CpgClient, type CpgClientOptions, CpgError } from '@cpg/client';
import { textOf } from './base64.ts';
import { operations } from './operations.ts';
import { SimulatedTime } from './simulated-time.ts';

export interface CallCommand {
  readonly baseUrl: string;
  readonly keyId: string;
  readonly secretB64: string;
  readonly operation: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** Unix seconds; the system's clock without it. */
  readonly now?: number;
}

const clients = new Map<string, CpgClient>();

/** One client for one address and key, as a program would keep it; a simulated clock gets a client of its own. */
const clientFor = (options: CpgClientOptions): CpgClient => {
  if (options.time !== undefined) return new CpgClient(options);
  const name = JSON.stringify([options.baseUrl, options.keyId, options.secret]);
  const client = clients.get(name) ?? new CpgClient(options);
  clients.set(name, client);
  return client;
};

/** Makes one call with default settings and says how it ended. */
export const call = async ({ baseUrl, keyId, secretB64, operation, args = {}, now }: CallCommand) => {
  const run = operations[operation];
  if (run === undefined) return { error: `Unknown operation ${operation}.` };
  const time = now === undefined ? undefined : new SimulatedTime(now * 1000);
  const elapsed = () => (time === undefined ? {} : { elapsed: time.elapsedMs / 1000 });
  const client = clientFor({ baseUrl, keyId, secret: textOf(secretB64), time });
  try {
    const { result, response } = await run(client, args as never).withResponse();
    return { ok: true, data: result.data, attempts: response.attempts, ...elapsed() };
  } catch (error) {
    if (!CpgError.is(error)) throw error;
    const { code, rejection, status, wireMessage, attempts } = error;
    return {
      ok: false,
      error: { kind: rejection ?? code, code, status, message: wireMessage ?? error.message },
      attempts,
      ...elapsed(),
    };
  } finally {
    if (time !== undefined) client.close();
  }
};
