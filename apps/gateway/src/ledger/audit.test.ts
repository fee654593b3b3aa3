import { describeOnEachDatabase, TEST_NOW, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { receiveDeposit } from '../chain/broadcast.ts';
import { FAILING_ADDRESS } from '../chain/simulated-chain.ts';
import { type AuditProgress, auditLedger } from './audit.ts';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
    await gateway.stopLoops();
  });
  afterAll(() => gateway.close());

  // A ledger with every kind of entry.
  beforeEach(async () => {
    gateway.clock.freeze(TEST_NOW * 1000);
    await gateway.reset();
    const withdraw = (to_address: string) =>
      gateway.call('/v1/withdrawals', {
        method: 'POST',
        body: { currency: 'USDT', network: 'ETH', amount: '10', to_address },
      });
    await withdraw('0x52908400098527886E0F7030069857D2E4169EE7');
    await withdraw(FAILING_ADDRESS);
    const { data } = (
      await gateway.call('/v1/deposit-addresses', {
        method: 'POST',
        body: { currency: 'ETH', network: 'ETH' },
      })
    ).body;
    const { address } = data as { readonly address: string };
    await receiveDeposit(gateway, { network: 'ETH', address, amount: '0.5' });
    gateway.clock.freeze((TEST_NOW + 3) * 1000);
    await gateway.chain.advance();
    await withdraw('0x52908400098527886E0F7030069857D2E4169EE7');
    await receiveDeposit(gateway, { network: 'ETH', address, amount: '0.5' });
  });

  const broken = async () =>
    (await auditLedger(gateway.db)).filter(({ violations }) => violations.length > 0).map(({ law }) => law);

  describe('auditLedger', () => {
    it('reports no violation in a sound ledger', async () => {
      expect(await broken()).toEqual([]);
      expect(await auditLedger(gateway.db)).toHaveLength(7);
    });

    it.each([
      [
        'a balance changed by hand',
        "UPDATE balance SET balance = balance + 1 WHERE currency = 'BTC'",
        ['a balance is the sum of its ledger entries'],
      ],
      [
        'a missing hold',
        "UPDATE balance SET held = 0 WHERE account_id = 'acct_demo' AND currency = 'USDT'",
        [
          'a balance is the sum of its ledger entries',
          'what is held is what withdrawals in flight will take',
        ],
      ],
      [
        'a withdrawal that was paid twice',
        "UPDATE withdrawal SET status = 'broadcasted' WHERE id = 1002",
        [
          'what is held is what withdrawals in flight will take',
          'a withdrawal is held once, and then confirmed or released once',
          'a withdrawal and its transaction agree',
        ],
      ],
      [
        'a larger amount',
        'UPDATE withdrawal SET amount = amount + 1 WHERE id = 1003',
        ['the entries of a withdrawal move its amount and fee'],
      ],
      [
        'a deposit that was not credited',
        "UPDATE chain_transaction SET status = 'confirmed' WHERE status = 'detected'",
        ['a deposit is credited once, with its amount, when it is confirmed'],
      ],
      [
        'a lost transaction',
        'DELETE FROM chain_transaction WHERE withdrawal_id = 1004',
        ['a withdrawal and its transaction agree'],
      ],
      [
        'an overspent balance',
        "ALTER TABLE balance DROP CONSTRAINT never_overspent; UPDATE balance SET balance = -1 WHERE currency = 'BTC'",
        ['a balance is the sum of its ledger entries', 'nothing is negative or overspent'],
      ],
    ])('reports %s', async (_name, statements, expected) => {
      for (const statement of statements.split(';')) await sql.raw(statement).execute(gateway.db);
      expect(await broken()).toEqual(expected);
    });

    it('finds the same in ranges of any size, says how far it is, and lists no more than 20 violations', async () => {
      await sql`UPDATE balance SET balance = balance + 1`.execute(gateway.db);
      await sql`UPDATE withdrawal SET amount = amount + 1`.execute(gateway.db);
      const whole = await auditLedger(gateway.db);
      expect(whole.map(({ count }) => count)).toEqual([5, 1, 0, 0, 6, 0, 0]);
      const progress: string[] = [];
      const onProgress = ({ table, done, total }: AuditProgress) =>
        progress.push(`${table} ${done}/${total}`);
      expect(await auditLedger(gateway.db, { rowsAtOnce: 1, onProgress })).toEqual(whole);
      expect(progress).toContain('withdrawal 1/4');
      expect(progress).toContain('chain_transaction 5/5');
      await sql`INSERT INTO account SELECT 'acct_' || n, 'many' FROM generate_series(1, 30) AS n`.execute(
        gateway.db,
      );
      await sql`INSERT INTO balance SELECT id, 'USDT', 'ETH', 5, 0 FROM account WHERE name = 'many'`.execute(
        gateway.db,
      );
      const [sums] = await auditLedger(gateway.db, { rowsAtOnce: 7 });
      expect([sums?.count, sums?.violations.length]).toEqual([35, 20]);
    });

    it('reports the rows', async () => {
      await sql`UPDATE balance SET balance = 7 WHERE currency = 'BTC'`.execute(gateway.db);
      expect((await auditLedger(gateway.db))[0]?.violations).toEqual([
        'acct_demo BTC/BTC: balance 7.000000000000000000 held 0.000000000000000000, entries 0.150000000000000000 held 0.000000000000000000',
      ]);
    });

    it.each(['UPDATE ledger_entry SET balance_delta = 0', 'DELETE FROM ledger_entry'])(
      'cannot be bypassed: the database rejects %s',
      async (statement) => {
        await expect(sql.raw(statement).execute(gateway.db)).rejects.toThrow(
          'ledger entries are append-only',
        );
      },
    );
  });
});
