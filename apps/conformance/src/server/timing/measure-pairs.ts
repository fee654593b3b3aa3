import { randomBytes } from 'node:crypto';
import { ANSWERS } from '../../core/answers.ts';
import type { Recipe } from '../../probes/index.ts';
import { Connection, type RawAnswer } from '../../wire/connection.ts';
import type { EncodedRequest } from '../encode-request.ts';
import type { ServerUnderTest } from '../server-under-test.ts';

/** How long a server took to refuse, in microseconds. */
export interface PairTimes {
  readonly unknownKey: readonly number[];
  readonly badSignature: readonly number[];
}

const WARM_UP = 100;

/** Refuses to measure anything but the two refusals that must look alike. */
const requireRefusal = (server: ServerUnderTest, sent: EncodedRequest, raw: RawAnswer): void => {
  const { status, text } = server.read(sent, raw);
  if (status !== ANSWERS.invalidSignature.status || !text.includes(ANSWERS.invalidSignature.message))
    throw new Error(`nothing to measure: the server answered ${status} instead of 401 Invalid signature`);
};

/** Asks over one connection, which is made anew when the server closes it. */
class Stopwatch {
  readonly #server: ServerUnderTest;
  #connection: Connection | undefined;

  constructor(server: ServerUnderTest) {
    this.#server = server;
  }

  async time(recipe: Recipe): Promise<number> {
    const server = this.#server;
    const sent = server.encode(server.craft(recipe), { keepAlive: true });
    const bytes = Buffer.concat([sent.head, sent.body]);
    if (this.#connection === undefined || this.#connection.isClosed)
      this.#connection = await Connection.open(server.target.address);
    const startedAt = process.hrtime.bigint();
    this.#connection.write(bytes);
    const raw = await this.#connection.read();
    const microseconds = Number(process.hrtime.bigint() - startedAt) / 1000;
    requireRefusal(server, sent, raw);
    return microseconds;
  }

  close(): void {
    this.#connection?.close();
  }
}

/**
 * Times the refusal of an unknown key against that of a known key with a bad signature, in interleaved pairs whose order
 * changes by chance, so that whatever else goes on strikes both alike.
 */
export const measurePairs = async (server: ServerUnderTest, pairs: number): Promise<PairTimes> => {
  const { keyId } = server.basis();
  const forged = () => randomBytes(32).toString('hex');
  const badSignature = (): Recipe => ({ mac: forged });
  // As long as the known one, so that only the server's knowledge differs.
  const unknownKey = (): Recipe => ({
    mac: forged,
    keyId: randomBytes(keyId.length).toString('hex').slice(0, keyId.length),
  });
  const times = { unknownKey: [] as number[], badSignature: [] as number[] };
  const stopwatch = new Stopwatch(server);
  try {
    for (let i = -WARM_UP; i < pairs; i++) {
      const isFirst = randomBytes(1).readUInt8() < 128;
      const one = await stopwatch.time(isFirst ? unknownKey() : badSignature());
      const two = await stopwatch.time(isFirst ? badSignature() : unknownKey());
      if (i < 0) continue;
      times.unknownKey.push(isFirst ? one : two);
      times.badSignature.push(isFirst ? two : one);
    }
    return times;
  } finally {
    stopwatch.close();
  }
};
