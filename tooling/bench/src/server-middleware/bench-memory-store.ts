import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type MemoryStore, memoryStore } from '@cpg/server-middleware';

const LIVE = 1_000_000;
const SAMPLES = 20_000;
const NOW = 1_747_444_800;
const SECONDS = 600;
const clock = () => NOW * 1000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const signatureOf = (index: number): string => createHash('sha256').update(String(index)).digest('hex');

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

const bytesInUse = (): number => {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/** Nanoseconds of single admissions, sorted. */
const sample = (store: MemoryStore, first: number): number[] => {
  const signatures = Array.from({ length: SAMPLES }, (_, index) => signatureOf(first + index));
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

/** Prints the bytes that a live signature takes at 1,000,000, and how long `admit` takes empty and full. */
export const benchMemoryStore = (): void => {
  sample(memoryStore({ clock }), 0);
  const before = bytesInUse();
  const store = memoryStore({ clock, maxEntries: 2 * LIVE });
  for (let index = 0; index < LIVE; index += 1) admit(store, index, signatureOf(index));
  const perSignature = (bytesInUse() - before) / LIVE;
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
