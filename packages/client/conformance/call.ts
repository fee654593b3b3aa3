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

interface KeptClient {
  readonly client: CpgClient;
  /** What the client takes for the time, when commands say what time it is. */
  readonly time: SimulatedTime;
}

const clients = new Map<string, KeptClient>();

/** One client for one address and key, as a program would keep it; one more with a clock that commands set. */
const clientFor = (options: CpgClientOptions, isSimulated: boolean): KeptClient => {
  const name = JSON.stringify([options.baseUrl, options.keyId, options.secret, isSimulated]);
  const known = clients.get(name);
  if (known !== undefined) return known;
  const time = new SimulatedTime();
  const client = new CpgClient({ ...options, ...(isSimulated ? { time } : {}) });
  clients.set(name, { client, time });
  return { client, time };
};

/** Makes one call with default settings and says how it ended. */
export const call = async ({ baseUrl, keyId, secretB64, operation, args = {}, now }: CallCommand) => {
  const run = operations[operation];
  if (run === undefined) return { error: `Unknown operation ${operation}.` };
  const { client, time } = clientFor({ baseUrl, keyId, secret: textOf(secretB64) }, now !== undefined);
  if (now !== undefined) time.set(now * 1000);
  const elapsed = () => (now === undefined ? {} : { elapsed: time.elapsedMs / 1000 });
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
  }
};
