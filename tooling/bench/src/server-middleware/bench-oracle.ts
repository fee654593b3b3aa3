import { createSigningKey, PERMISSIONS, REJECTIONS } from '@cpg/protocol';
import { authenticate, type CpgKey, memoryStore, staticKeys } from '@cpg/server-middleware';

const PAIRS = 20_000;
const NOW = 1_747_444_800;
const clock = () => NOW * 1000;

const keyOf = (keyId: string, overrides: Partial<CpgKey> = {}): CpgKey => ({
  keyId,
  signingKeys: [createSigningKey(`${keyId} secret`)],
  permissions: PERMISSIONS,
  rateLimitPerMinute: 600,
  accountId: 'acct',
  ...overrides,
});

const options = {
  keys: staticKeys([keyOf('ck_known'), keyOf('ck_gone', { revoked: true })]),
  store: memoryStore({ clock }),
  clock,
};

const forgedRequest = (keyId: string) => ({
  method: 'GET',
  target: '/v1/_ping',
  rawHeaders: ['X-CPG-Key', keyId, 'X-CPG-Timestamp', String(NOW), 'X-CPG-Signature', 'a'.repeat(64)],
  clientIp: () => undefined,
  readBody: () => Buffer.alloc(0),
});

const time = async (keyId: string): Promise<number> => {
  const request = forgedRequest(keyId);
  const start = process.hrtime.bigint();
  const outcome = await authenticate(request, options);
  const elapsed = Number(process.hrtime.bigint() - start);
  if (outcome !== REJECTIONS.invalid_signature)
    throw new Error(`A forgery was answered ${JSON.stringify(outcome)}.`);
  return elapsed;
};

/** Cohen's d after the slowest twentieth of either side, which is noise, was left out. */
const effectSize = (left: readonly number[], right: readonly number[]): number => {
  const [a, b] = [left, right].map((values) => {
    const kept = [...values].sort((x, y) => x - y).slice(0, Math.floor(values.length * 0.95));
    const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
    const variance = kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / kept.length;
    return { mean, variance };
  }) as [{ mean: number; variance: number }, { mean: number; variance: number }];
  return (a.mean - b.mean) / Math.sqrt((a.variance + b.variance) / 2);
};

/** Prints how far the time of a refusal tells an unknown or a revoked key from a wrong secret; below 0.2 is called negligible. */
export const benchOracle = async (): Promise<void> => {
  const times: Record<string, number[]> = { ck_known: [], ck_gone: [], ck_none: [] };
  const names = Object.keys(times);
  for (let pair = -1_000; pair < PAIRS; pair += 1) {
    // Begun by another each time, so that being first falls on all alike.
    for (let offset = 0; offset < names.length; offset += 1) {
      const keyId = names[(pair + 1_000 + offset) % names.length] as string;
      const elapsed = await time(keyId);
      if (pair >= 0) times[keyId]?.push(elapsed);
    }
  }
  const { ck_known: known = [], ck_gone: gone = [], ck_none: none = [] } = times;
  process.stdout.write(
    `timing effect size against a wrong secret: unknown key ${effectSize(none, known).toFixed(3)}, revoked key ${effectSize(gone, known).toFixed(3)}\n`,
  );
};
