import { createSigningKey, signRequest, toDecimal } from '@cpg/protocol';
import { describeWithProgram, type Postgres, startPostgres } from '@cpg/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from './database/open-database.ts';
import { createApiKey } from './keys/create-api-key.ts';
import { auditLedger } from './ledger/audit-ledger.ts';
import { createWithdrawal } from './ledger/create-withdrawal.ts';
import { createSecretBox } from './secrets/secret-box.ts';
import { type GatewayProcess, startGatewayProcess } from './testing/gateway-process.ts';
import { randomNumbers } from './testing/random-numbers.ts';

const OPERATIONS = 5_000;
const CONNECTIONS = 16;
const SEED = Number(process.env.CPG_TEST_SEED ?? Date.now() % 1_000_000);
const MASTER_KEY = 'cd'.repeat(32);
const KEY = { id: 'ck_fire', secret: 'a-secret-under-fire' };
const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';
const MINUTES = 60_000;

interface Order {
  readonly client_reference: string;
  readonly amount: string;
}

describeWithProgram('postgres', 'the ledger under fire', () => {
  let postgres: Postgres;
  let databaseUrl: string;
  let db: Database;
  let gateways: GatewayProcess[] = [];
  const start = () =>
    startGatewayProcess({
      DATABASE_URL: databaseUrl,
      CPG_MASTER_KEY: MASTER_KEY,
      CPG_SANDBOX: 'true',
      CPG_LOG_LEVEL: 'error',
    });

  beforeAll(async () => {
    postgres = await startPostgres();
    databaseUrl = postgres.createDatabase('fire');
    gateways = await Promise.all([start(), start()]);
    db = await openDatabase({ databaseUrl, dataDir: undefined });
    await createApiKey(db, createSecretBox(Buffer.from(MASTER_KEY, 'hex')), {
      keyId: KEY.id,
      secret: KEY.secret,
      accountId: 'acct_demo',
      permissions: ['withdraw', 'request_deposit_address', 'read_balance'],
      rateLimitPerMinute: 1_000_000,
    });
  }, 2 * MINUTES);
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.end('SIGTERM')));
    await db.destroy();
    await postgres.stop();
  }, MINUTES);

  const key = createSigningKey(KEY.secret);
  const random = randomNumbers(SEED);
  const pick = <T>(list: readonly T[]) => list[random(list.length)] as T;
  let stamp = 0;

  interface Answer {
    readonly status: number;
    readonly body: { readonly message: string; readonly data: Record<string, unknown> };
  }
  const read = async (response: Response): Promise<Answer> => ({
    status: response.status,
    body: (await response.json()) as Answer['body'],
  });
  const call = async (method: string, target: string, body?: unknown): Promise<Answer> => {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    stamp = (stamp + 1) % 500;
    const timestamp = Math.floor(Date.now() / 1000) - 250 + stamp;
    // What is sent twice is told apart by its target.
    const unique = `${target}?n=${random(2 ** 31)}`;
    const { headers } = signRequest({ keyId: KEY.id, key, method, target: unique, body: bytes, timestamp });
    const options = { method, headers: { ...headers, 'content-type': 'application/json' } };
    return read(await fetch(`${pick(gateways).url}${unique}`, bytes ? { ...options, body: bytes } : options));
  };
  const sandbox = async (path: string, body: unknown = {}) =>
    read(
      await fetch(`${pick(gateways).url}/_sandbox${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    );

  const orders: Order[] = [];
  const requests: number[] = [];
  const withdrawals = new Map<string, Set<unknown>>();
  const statuses = new Map<string, number>();
  let lost = 0;

  const note = (operation: string, { status, body }: Answer) => {
    const outcome = status === 200 ? `${operation} 200` : `${operation} ${status} ${body.message}`;
    statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1);
  };
  const withdraw = async (order: Order) => {
    const body = { currency: 'USDT', network: 'ETH', to_address: ADDRESS, ...order };
    const answer = await call('POST', '/v1/withdrawals', body);
    note('withdraw', answer);
    if (answer.status !== 200) return;
    const ids = withdrawals.get(order.client_reference) ?? new Set();
    withdrawals.set(order.client_reference, ids.add(answer.body.data.withdrawal_id));
  };
  const settle = async (outcome: 'confirm' | 'fail') => {
    const ids = [...withdrawals.values()].slice(-50).flatMap((set) => [...set]);
    if (ids.length > 0) note(outcome, await sandbox(`/withdrawals/${String(pick(ids))}/${outcome}`));
  };

  const OPERATION: Readonly<Record<string, () => Promise<unknown>>> = {
    withdraw: () => {
      const order = {
        client_reference: `order-${orders.length}`,
        amount: `${10 + random(40)}.${random(1e6)}`,
      };
      orders.push(order);
      return withdraw(order);
    },
    repeat: async () => {
      if (orders.length > 0) await withdraw(pick(orders.slice(-20)));
    },
    confirm: () => settle('confirm'),
    fail: () => settle('fail'),
    request: async () => {
      const body = { currency: 'USDT', network: 'ETH', idempotency_key: `invoice-${random(50)}` };
      const answer = await call('POST', '/v1/deposit-addresses', body);
      note('request', answer);
      if (answer.status === 200) requests.push(answer.body.data.request_id as number);
    },
    deposit: async () => {
      const body = { request_id: pick(requests), amount: `${1 + random(30)}.${random(1e6)}` };
      if (requests.length > 0) note('deposit', await sandbox('/deposits', body));
    },
    mine: async () => note('mine', await sandbox('/blocks', { network: 'ETH', blocks: 1 + random(3) })),
    balance: async () => {
      const answer = await call('GET', '/v1/balances');
      note('balance', answer);
      for (const row of answer.body.data as unknown as Record<'balance' | 'held' | 'available', string>[]) {
        expect(toDecimal(row.balance).minus(row.held).equals(row.available)).toBe(true);
        expect(toDecimal(row.available).isNegative() || toDecimal(row.held).isNegative()).toBe(false);
      }
    },
    audit: async () => expect(await violations()).toEqual([]),
  };
  const SHARES = {
    withdraw: 30,
    repeat: 18,
    confirm: 10,
    fail: 10,
    request: 6,
    deposit: 14,
    mine: 5,
    balance: 6,
    audit: 1,
  };
  const BAG = Object.entries(SHARES).flatMap(([name, share]) => Array.from({ length: share }, () => name));

  const violations = async () => (await auditLedger(db)).flatMap(({ violations: found }) => found);
  const inFlight = async () =>
    (
      await db
        .selectFrom('withdrawal')
        .select('id')
        .where('status', 'in', ['pending', 'broadcasted'])
        .execute()
    ).length;
  const settleAll = async () => {
    // Withdrawal 1001 stays pending until it is told.
    for (let round = 0; round < 100 && (await inFlight()) > 1; round += 1) {
      await sandbox('/blocks', { network: 'ETH', blocks: 12 });
    }
  };

  it(
    `keeps its invariants through ${OPERATIONS} operations and a process killed in the middle (seed ${SEED})`,
    async () => {
      let begun = 0;
      let killed: Promise<void> | undefined;
      const work = async () => {
        while (begun < OPERATIONS) {
          begun += 1;
          if (begun === OPERATIONS / 2) killed = gateways.pop()?.end('SIGKILL');
          const name = pick(BAG);
          const known = orders.length;
          try {
            await OPERATION[name]?.();
          } catch (error) {
            if (!(error instanceof TypeError)) throw error;
            // The connection went with the process: as a client must, ask again with the same reference.
            lost += 1;
            const order = orders[known];
            if (name === 'withdraw' && order !== undefined) await withdraw(order);
          }
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, work));
      await killed;
      gateways.push(await start());
      await settleAll();

      const outcomes = Object.fromEntries(statuses);
      expect(await violations()).toEqual([]);
      expect(await inFlight()).toBe(1);
      expect(Object.keys(outcomes).filter((outcome) => / 5\d\d | 40[19] /.test(outcome))).toEqual([]);
      // One effect a reference: every answer named the same withdrawal, and there is no other.
      expect([...withdrawals.values()].filter((ids) => ids.size !== 1)).toEqual([]);
      const rows = await db
        .selectFrom('withdrawal')
        .select('client_reference')
        .where('id', '>', 1001)
        .execute();
      expect(new Set(rows.map((row) => row.client_reference)).size).toBe(rows.length);
      // The storm was one: orders were accepted and refused, settled both ways, and cut off by the kill.
      const refused = 'withdraw 400 Insufficient available balance';
      for (const outcome of [
        'withdraw 200',
        refused,
        'confirm 200',
        'fail 200',
        'deposit 200',
        'balance 200',
      ]) {
        expect(outcomes[outcome] ?? 0).toBeGreaterThan(20);
      }
      expect(lost).toBeGreaterThan(0);
      process.stdout.write(`${JSON.stringify({ seed: SEED, lost, ...outcomes })}\n`);
    },
    10 * MINUTES,
  );

  it(
    'picks up what a process left held when it died before the broadcast',
    async () => {
      const held = await createWithdrawal(db, {
        accountId: 'acct_demo',
        currency: 'ETH',
        network: 'ETH',
        toAddress: ADDRESS,
        amount: '0.5',
        clientReference: 'left-behind',
        at: new Date(),
      });
      expect(held).toMatchObject({ status: 'pending' });
      await sandbox('/blocks', { network: 'ETH', blocks: 1 });
      await settleAll();
      const row = await db
        .selectFrom('withdrawal')
        .select(['status', 'tx_hash'])
        .where('client_reference', '=', 'left-behind')
        .executeTakeFirstOrThrow();
      expect(row).toEqual({ status: 'confirmed', tx_hash: expect.stringMatching(/^0x/) });
      expect(await violations()).toEqual([]);
    },
    MINUTES,
  );
});
