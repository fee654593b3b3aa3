import { createSigningKey, isRejection, PERMISSIONS, type SigningKey, verifyRequest } from '@cpg/protocol';
import { authenticate, type CpgKey, cachedKeys, memoryStore, staticKeys } from '@cpg/server-middleware';

const ROUNDS = 9;
const PAIRS = 4_000;
const NEGLIGIBLE = 0.147;
const NOW = 1_747_444_800;
const clock = () => NOW * 1000;

// All of one length. `same` is the control: the baseline measured against itself, which shows the noise.
const KEY_IDS = { wrong: 'ck_aaaa', same: 'ck_aaaa', unknown: 'ck_bbbb', revoked: 'ck_cccc' } as const;
type Kind = keyof typeof KEY_IDS;
const KINDS = Object.keys(KEY_IDS) as Kind[];

const createKey = (keyId: string, overrides: Partial<CpgKey> = {}): CpgKey => ({
  keyId,
  signingKeys: [createSigningKey(`${keyId} secret`)],
  permissions: PERMISSIONS,
  rateLimitPerMinute: 600,
  accountId: 'acct',
  ...overrides,
});

export const records = [createKey(KEY_IDS.wrong), createKey(KEY_IDS.revoked, { revoked: true })];

/** A new string for each request, as a parser makes it: one that a table holds already would be found faster. */
const copy = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

const forgeHeaders = (kind: Kind): string[] => [
  ...['X-CPG-Key', copy(KEY_IDS[kind])],
  ...['X-CPG-Timestamp', copy(String(NOW))],
  ...['X-CPG-Signature', copy('a'.repeat(64))],
];

/** Prepares a request, outside the measurement; the function returned sends it. */
export type Prepare = (kind: Kind) => () => unknown;

export const prepareAuthenticate = (keys: Parameters<typeof authenticate>[1]['keys']): Prepare => {
  const options = { keys, store: memoryStore({ clock }), clock };
  return (kind) => {
    const request = {
      method: 'GET',
      target: copy('/v1/_ping'),
      rawHeaders: forgeHeaders(kind),
      clientIp: () => undefined,
      readBody: () => Buffer.alloc(0),
    };
    return () => authenticate(request, options);
  };
};

const prepareVerifyRequest: Prepare = (kind) => {
  const [, keyId = '', , timestamp = '', , signature = ''] = forgeHeaders(kind);
  const headers = [
    ['X-CPG-Key', keyId],
    ['X-CPG-Timestamp', timestamp],
    ['X-CPG-Signature', signature],
  ] as const;
  const request = {
    method: 'GET',
    target: copy('/v1/_ping'),
    headers,
    body: Buffer.alloc(0),
    keys: live,
    now: NOW,
  };
  return () => verifyRequest(request);
};

const live = new Map<string, SigningKey>([[KEY_IDS.wrong, createSigningKey('another secret')]]);

/** Nanoseconds from the call to its rejection. */
const time = async (send: () => unknown): Promise<number> => {
  const start = process.hrtime.bigint();
  const outcome = await send();
  const elapsed = Number(process.hrtime.bigint() - start);
  if (!isRejection(outcome) || outcome.code !== 'invalid_signature') {
    throw new Error(`A forgery was accepted, or rejected for another reason: ${JSON.stringify(outcome)}.`);
  }
  return elapsed;
};

const shuffle = <Value>(values: readonly Value[]): Value[] => {
  const shuffled = [...values];
  for (let index = shuffled.length - 1; index > 0; index -= 1) {
    const other = Math.floor(Math.random() * (index + 1));
    [shuffled[index], shuffled[other]] = [shuffled[other] as Value, shuffled[index] as Value];
  }
  return shuffled;
};

/**
 * Times of each kind, interleaved: each turn sends one of each, in random order, so that neither the load of the machine nor
 * what was sent before belongs to one kind.
 */
const measure = async (prepare: Prepare, turns: number): Promise<Record<Kind, Float64Array>> => {
  const times = Object.fromEntries(KINDS.map((kind) => [kind, new Float64Array(turns)]));
  for (let turn = 0; turn < turns; turn += 1) {
    const requests = shuffle(KINDS).map((kind) => ({ kind, send: prepare(kind) }));
    for (const { kind, send } of requests) (times[kind] as Float64Array)[turn] = await time(send);
  }
  return times as Record<Kind, Float64Array>;
};

/** Cliff's delta: how much more often a value of the first is greater than one of the second, than the other way round. */
export const getCliffsDelta = (first: Float64Array, second: Float64Array): number => {
  const sorted = second.slice().sort();
  let dominance = 0;
  for (const value of first)
    dominance += countBelow(sorted, value) - (sorted.length - countUpTo(sorted, value));
  return dominance / (first.length * second.length);
};

const bisect = (sorted: Float64Array, isBefore: (value: number) => boolean): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(sorted[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
};
const countBelow = (sorted: Float64Array, limit: number) => bisect(sorted, (value) => value < limit);
const countUpTo = (sorted: Float64Array, limit: number) => bisect(sorted, (value) => value <= limit);

const median = (values: Iterable<number>): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
};

export interface TimingRounds {
  readonly rounds: number;
  readonly pairs: number;
}

/** Of each round: how far the times of a kind differ from those of a wrong secret. */
export interface TimingDifference {
  readonly deltas: readonly number[];
  /** Median of the rounds. */
  readonly delta: number;
  /** Nanoseconds between the medians of the times; median of the rounds. */
  readonly ns: number;
}

/** Compares the times of every kind with those of a wrong secret, round by round. */
export const compareTimes = async (
  prepare: Prepare,
  { rounds, pairs }: TimingRounds,
): Promise<Record<Kind, TimingDifference>> => {
  await measure(prepare, pairs);
  const all: Record<Kind, Float64Array>[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await measure(prepare, pairs));
  const compare = (kind: Kind): TimingDifference => {
    const deltas = all.map((times) => getCliffsDelta(times[kind], times.wrong));
    const ns = median(all.map((times) => median(times[kind]) - median(times.wrong)));
    return { deltas, delta: median(deltas), ns };
  };
  return Object.fromEntries(KINDS.map((kind) => [kind, compare(kind)])) as Record<Kind, TimingDifference>;
};

const probe = async (name: string, prepare: Prepare, kinds: readonly Kind[]): Promise<void> => {
  const differences = await compareTimes(prepare, { rounds: ROUNDS, pairs: PAIRS });
  process.stdout.write(
    `${name}: time of a rejection against a wrong secret, ${ROUNDS} rounds of ${PAIRS} pairs\n`,
  );
  for (const kind of kinds) {
    const { deltas, delta, ns } = differences[kind];
    const verdict = Math.abs(delta) < NEGLIGIBLE ? 'negligible' : 'measurable';
    const [low, high] = [Math.min(...deltas), Math.max(...deltas)].map((value) => value.toFixed(3));
    process.stdout.write(
      `  ${kind.padEnd(8)} Cliff's delta ${delta.toFixed(3)} (${low} to ${high}, ${verdict}), medians ${ns} ns apart\n`,
    );
  }
};

const AUTHENTICATE_KINDS = ['same', 'unknown', 'revoked'] as const;

/**
 * Prints how far the time of a rejection tells an unknown or a revoked key from a wrong secret; below 0.147 is negligible.
 * `same` compares a wrong secret with itself: the noise of the machine.
 */
export const probeTiming = async (): Promise<void> => {
  const keys = staticKeys(records);
  await probe('authenticate', prepareAuthenticate(keys), AUTHENTICATE_KINDS);
  await probe('authenticate with cachedKeys', prepareAuthenticate(cachedKeys(keys)), AUTHENTICATE_KINDS);
  await probe('verifyRequest', prepareVerifyRequest, ['same', 'unknown']);
};
