import { createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import { createSigningKey, isRejection, PERMISSIONS, signRequest } from '@cpg/protocol';
import { authenticate, memoryStore, staticKeys } from '@cpg/server-middleware';
import { measure } from '../protocol/measure.ts';
import { MESSAGES, type Message, SECRET } from '../protocol/message.ts';

const POOL = 20_000;
const KEY_ID = 'ck_example';
const NOW = 1_747_444_800;

/** Walks through a pool of requests, each signed once, and begins again with an empty store. */
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

  const clock = () => NOW * 1000;
  let options = { keys, store: memoryStore({ clock }), clock };
  const renew = () => {
    options = { keys, store: memoryStore({ clock }), clock };
  };
  const full = cycle(pool, renew, ({ request }) => authenticate(request, options));
  const assertGood = async () => {
    for (let index = 0; index < POOL; index += 1) {
      if (isRejection(await full())) throw new Error('A good request was refused.');
    }
  };
  return { floor, full, assertGood };
};

/** Prints what `authenticate` costs with a memory store, every check included, against the node:crypto floor. */
export const benchAuthenticate = async (rounds = 25): Promise<void> => {
  for (const message of MESSAGES) {
    const { floor, full, assertGood } = prepare(message);
    await assertGood();
    const [base, ours] = await measure([floor, full], rounds);
    await assertGood();
    process.stdout.write(
      `authenticate ${message.name}: ${ours?.microseconds.toFixed(2)} µs, floor ${base?.microseconds.toFixed(2)} µs, ${ours?.ratio.toFixed(2)} ×\n`,
    );
  }
};
