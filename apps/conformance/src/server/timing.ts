import { randomBytes } from 'node:crypto';
import type { Recipe } from '../core/probes/index.ts';
import { REJECTIONS } from '../core/rejections.ts';
import { Connection, type RawResponse } from '../wire/connection.ts';
import type { EncodedRequest } from './encode-request.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** The sizes of a Cliff's delta in words (Romano et al., 2006). */
const SIZES = [
  ['negligible', 0.147],
  ['small', 0.33],
  ['medium', 0.474],
  ['large', Number.POSITIVE_INFINITY],
] as const;

type EffectSize = (typeof SIZES)[number][0];

const countBelow = (sorted: readonly number[], value: number): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * Cliff's delta of two samples: how much more often a value of the first is greater than one of the second
 * than the reverse, from −1 to 1. Robust against outliers.
 */
export const cliffsDelta = (first: readonly number[], second: readonly number[]): number => {
  const [a, b] = [first.toSorted((x, y) => x - y), second.toSorted((x, y) => x - y)];
  const greater = a.reduce((sum, value) => sum + countBelow(b, value), 0);
  const smaller = b.reduce((sum, value) => sum + countBelow(a, value), 0);
  return (greater - smaller) / (a.length * b.length);
};

export const getEffectSize = (delta: number): EffectSize =>
  SIZES.find(([, limit]) => Math.abs(delta) < limit)?.[0] ?? 'large';

/** The median; of an even number of values, the mean of the two middle ones. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

/** How long a server took to reject, in microseconds. */
interface PairTimes {
  readonly unknownKey: readonly number[];
  readonly badSignature: readonly number[];
}

const WARM_UP = 100;

/** Throws unless the response is the rejection that both must get. */
const assertRejection = (server: ServerUnderTest, sent: EncodedRequest, raw: RawResponse): void => {
  const { status, text } = server.read(sent, raw);
  if (status !== REJECTIONS.invalidSignature.status || !text.includes(REJECTIONS.invalidSignature.message))
    throw new Error(
      `nothing to measure: the server responded with ${status} instead of 401 Invalid signature`,
    );
};

/** Measures over one connection, which is reopened when the server closes it. */
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
    assertRejection(server, sent, raw);
    return microseconds;
  }

  close(): void {
    this.#connection?.close();
  }
}

/**
 * Times the rejection of an unknown key against that of a known key with a bad signature, in interleaved
 * pairs in random order, so that other load affects both equally.
 */
export const measurePairs = async (server: ServerUnderTest, pairs: number): Promise<PairTimes> => {
  const { keyId } = server.basis();
  const forged = () => randomBytes(32).toString('hex');
  const badSignature = (): Recipe => ({ mac: forged });
  // As long as the known one, so that only the key's existence differs.
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

const micro = (value: number): string => `${value.toFixed(1)} µs`;

/** Formats the measured times, with what they mean. */
export const renderTiming = ({ unknownKey, badSignature }: PairTimes): string => {
  const [unknown, bad] = [median(unknownKey), median(badSignature)];
  const delta = cliffsDelta(unknownKey, badSignature);
  const longer = (((delta + 1) / 2) * 100).toFixed(1);
  return `${[
    `${unknownKey.length} interleaved pairs`,
    `  unknown key                  median ${micro(unknown)}`,
    `  known key, bad signature     median ${micro(bad)}`,
    `  difference of the medians    ${micro(unknown - bad)}`,
    `  Cliff's delta                ${delta.toFixed(3)} (${getEffectSize(delta)})`,
    '',
    `An unknown key took longer in ${longer} % of all comparisons; 50 % is no difference. Below 0.147 either way the effect`,
    'is negligible, from 0.474 it is large: the time then reveals which keys exist. Wire protocol §2: unknown keys',
    'cost the same HMAC work. This is a measurement, not a verdict: repeat it on an idle machine.',
  ].join('\n')}\n`;
};
