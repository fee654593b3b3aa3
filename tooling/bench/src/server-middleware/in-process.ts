import { createHash, createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createSigningKey, isRejection, PERMISSIONS, signRequest } from '@cpg/protocol';
import { authenticate, type MemoryStore, memoryStore, staticKeys } from '@cpg/server-middleware';
import { MESSAGES, type Message, measure, SECRET } from '../protocol/measure.ts';

const POOL = 20_000;
const KEY_ID = 'ck_example';
const NOW = 1_747_444_800;
const clock = () => NOW * 1000;

/** Walks through a pool of requests, each signed once, then starts again with an empty store. */
const cycle = <Item, Result>(items: readonly Item[], onWrap: () => void, use: (item: Item) => Result) => {
  let next = 0;
  return (): Result => {
    if (next === items.length) {
      next = 0;
      onWrap();
    }
    next += 1;
    return use(items[next - 1] as Item);
  };
};

const prepare = ({ method, target, body }: Message) => {
  const key = createSigningKey(SECRET);
  const keys = staticKeys([
    {
      keyId: KEY_ID,
      signingKeys: [key],
      permissions: PERMISSIONS,
      rateLimitPerMinute: Number.MAX_SAFE_INTEGER,
      accountId: 'acct',
    },
  ]);
  const pool = Array.from({ length: POOL }, (_, index) => {
    const unique = `${target}${target.includes('?') ? '&' : '?'}n=${index}`;
    const signed = signRequest({ keyId: KEY_ID, key, method, target: unique, body, timestamp: NOW });
    const rawHeaders = [
      ...['Host', 'gateway.example', 'Accept', 'application/json', 'User-Agent', 'bench'],
      ...['Content-Type', 'application/json', 'Content-Length', String(body.length)],
      ...Object.entries(signed.headers).flat(),
    ];
    const { canonical, signature } = signed;
    const request = { method, target: unique, rawHeaders, clientIp: () => undefined, readBody: () => body };
    return { canonical, signature, request };
  });

  const secret = createSecretKey(SECRET, 'utf8');
  const floor = cycle(
    pool,
    () => {},
    ({ canonical, signature }) => {
      hash('sha256', body, 'hex');
      const expected = createHmac('sha256', secret).update(canonical).digest('hex');
      return timingSafeEqual(Buffer.from(expected, 'latin1'), Buffer.from(signature, 'latin1'));
    },
  );

  let options = { keys, store: memoryStore({ clock }), clock };
  const reset = () => {
    options = { keys, store: memoryStore({ clock }), clock };
  };
  const full = cycle(pool, reset, ({ request }) => authenticate(request, options));
  const assertAdmitted = async () => {
    for (let index = 0; index < POOL; index += 1) {
      if (isRejection(await full())) throw new Error('A valid request was rejected.');
    }
  };
  return { floor, full, assertAdmitted };
};

/** Prints the cost of `authenticate` with a memory store, with every check, against the node:crypto floor. */
export const benchAuthenticate = async (rounds = 25): Promise<void> => {
  for (const message of MESSAGES) {
    const { floor, full, assertAdmitted } = prepare(message);
    await assertAdmitted();
    const [base, ours] = await measure([floor, full], rounds);
    await assertAdmitted();
    process.stdout.write(
      `authenticate ${message.name}: ${ours?.microseconds.toFixed(2)} µs, floor ${base?.microseconds.toFixed(2)} µs, ${ours?.ratio.toFixed(2)} ×\n`,
    );
  }
};

const LIVE = 1_000_000;
const SAMPLES = 20_000;
const SECONDS = 600;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const formatSignature = (index: number): string => createHash('sha256').update(String(index)).digest('hex');

const admit = (store: MemoryStore, index: number, signature: string): void => {
  const decision = store.admit({
    keyId: `ck_${index % 100}`,
    signature,
    usedUntil: NOW + (index % SECONDS),
    minute: Math.floor(NOW / 60),
    limit: LIVE,
  });
  if (decision !== 'admitted') throw new Error(`A new signature was ${decision}.`);
};

const getBytesInUse = (): number => {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/** Nanoseconds of single admissions, sorted. */
const sample = (store: MemoryStore, first: number): number[] => {
  const signatures = Array.from({ length: SAMPLES }, (_, index) => formatSignature(first + index));
  return signatures
    .map((signature, index) => {
      const start = process.hrtime.bigint();
      admit(store, first + index, signature);
      return Number(process.hrtime.bigint() - start);
    })
    .sort((a, b) => a - b);
};

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor(sorted.length * share)] ?? Number.NaN;

/** Prints the bytes of a live signature at 1,000,000 of them, and the time of `admit`, empty and full. */
export const benchMemoryStore = (): void => {
  sample(memoryStore({ clock }), 0);
  const before = getBytesInUse();
  const store = memoryStore({ clock, maxEntries: 2 * LIVE });
  for (let index = 0; index < LIVE; index += 1) admit(store, index, formatSignature(index));
  const perSignature = (getBytesInUse() - before) / LIVE;
  process.stdout.write(`memoryStore: ${perSignature.toFixed(1)} bytes a live signature at ${LIVE}\n`);

  const empty = sample(memoryStore({ clock }), 2 * LIVE);
  const full = sample(store, 3 * LIVE);
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const [low, high] = [percentile(empty, share), percentile(full, share)];
    process.stdout.write(`admit ${name}: ${low} ns empty, ${high} ns full, ${(high / low).toFixed(2)} ×\n`);
  }
};
