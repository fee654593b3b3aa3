import { setImmediate as nextTurn } from 'node:timers/promises';
import { createRandomWorkload, randomNumbers, signedCalls } from '@cpg/test-support/gateway/random-workload';
import { type GatewayProcess, startGatewayFromSources } from '@cpg/test-support/gateway-process';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { countRounds, describeWithProgram } from '@cpg/test-support/programs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../database/open-database.ts';
import { createSecretBox } from '../database/secret-box.ts';
import { createApiKey } from '../keys/api-keys.ts';
import { auditLedger } from './audit.ts';
import { auditSinceLast } from './audit-since-last.ts';
import { createWithdrawal } from './withdrawals.ts';

const OPERATIONS = countRounds('operations on the ledger', 2_500, 1_200);
const CONNECTIONS = 16;
const SEED = Number(process.env.CPG_TEST_SEED ?? Date.now() % 1_000_000);
const MASTER_KEY = 'cd'.repeat(32);
const KEY = { keyId: 'ck_fire', secret: 'a-secret-under-fire' };
const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';
const MINUTES = 60_000;

describeWithProgram('postgres', 'the ledger under concurrent load', () => {
  let postgres: Postgres;
  let databaseUrl: string;
  let db: Database;
  let gateways: GatewayProcess[] = [];
  const start = () =>
    startGatewayFromSources({
      DATABASE_URL: databaseUrl,
      CPG_MASTER_KEY: MASTER_KEY,
      CPG_SANDBOX: 'true',
      CPG_LOG_LEVEL: 'error',
      // On a slow machine too, withdrawals are still in flight when they are confirmed or failed.
      CPG_CHAIN_SETTLE_SECONDS: '30',
    });

  beforeAll(async () => {
    postgres = await startPostgres();
    databaseUrl = postgres.createDatabase('fire');
    gateways = await Promise.all([start(), start()]);
    db = await openDatabase({ databaseUrl, dataDir: undefined });
    await createApiKey(db, createSecretBox(Buffer.from(MASTER_KEY, 'hex')), {
      ...KEY,
      accountId: 'acct_demo',
      permissions: ['withdraw', 'request_deposit_address', 'read_balance'],
      rateLimitPerMinute: 1_000_000,
    });
  }, 2 * MINUTES);
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop('SIGTERM')));
    await db.destroy();
    await postgres.stop();
  }, MINUTES);

  const random = randomNumbers(SEED);
  let started = 0;
  let killed: Promise<unknown> | undefined;
  /** Half-way, kills a process that has just been chosen for a request, so that at least one response is lost. */
  const chooseGateway = (): GatewayProcess => {
    if (started < OPERATIONS / 2 || killed !== undefined)
      return gateways[random(gateways.length)] as GatewayProcess;
    const chosen = gateways.pop() as GatewayProcess;
    killed = nextTurn().then(() => chosen.stop('SIGKILL'));
    return chosen;
  };
  const { call, sandbox } = signedCalls({ ...KEY, random, gateway: chooseGateway });

  const violations = async () => (await auditLedger(db)).flatMap(({ violations: found }) => found);
  let incremental = Promise.resolve();
  const storm = createRandomWorkload({
    call,
    sandbox,
    random,
    audit: async () => {
      expect(await violations()).toEqual([]);
      // One at a time. It takes nothing for wrong that is only not finished.
      incremental = incremental.then(async () => {
        expect(await auditSinceLast(db, { rowsAtOnce: 50 })).toMatchObject({ isFull: false });
      });
      await incremental;
    },
  });
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
      const work = async () => {
        while (started < OPERATIONS) {
          started += 1;
          await storm.step();
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, work));
      await killed;
      gateways.push(await start());
      await settleAll();

      const outcomes = storm.outcomes();
      expect(await violations()).toEqual([]);
      expect(await inFlight()).toBe(1);
      expect(Object.keys(outcomes).filter((outcome) => / 5\d\d | 40[19] /.test(outcome))).toEqual([]);
      // Each reference has exactly one withdrawal, and every response named it.
      expect([...storm.withdrawals.values()].filter((ids) => ids.size !== 1)).toEqual([]);
      const rows = await db
        .selectFrom('withdrawal')
        .select('client_reference')
        .where('id', '>', 1001)
        .execute();
      expect(new Set(rows.map((row) => row.client_reference)).size).toBe(rows.length);
      // Each deposit was taken back at most once, and what was acknowledged is in the ledger.
      expect([...storm.reversals.values()].filter((count) => count !== 1)).toEqual([]);
      const reversed = await db
        .selectFrom('ledger_entry')
        .innerJoin('chain_transaction', 'chain_transaction.id', 'deposit_id')
        .select(['deposit_id', 'status'])
        .where('kind', '=', 'deposit_reversal')
        .execute();
      expect(new Set(reversed.map(({ status }) => status))).toEqual(new Set(['failed']));
      const reversedIds = new Set(reversed.map((row) => row.deposit_id));
      expect([...storm.reversals.keys()].filter((id) => !reversedIds.has(id))).toEqual([]);
      expect(reversedIds.size).toBeLessThanOrEqual(storm.reversals.size + storm.lost());
      // The workload covered acceptance, rejection, all outcomes and lost responses.
      const rejected = 'withdraw 400 Insufficient available balance';
      for (const outcome of [
        'withdraw 200',
        rejected,
        'confirm 200',
        'fail 200',
        'deposit 200',
        'reverse 200',
        'balance 200',
      ]) {
        expect(outcomes[outcome] ?? 0).toBeGreaterThan(OPERATIONS / 240);
      }
      expect(storm.lost()).toBeGreaterThan(0);
      process.stdout.write(`${JSON.stringify({ seed: SEED, lost: storm.lost(), ...outcomes })}\n`);
    },
    10 * MINUTES,
  );

  it(
    'broadcasts a withdrawal whose process crashed before the broadcast',
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
