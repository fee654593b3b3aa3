import { describeOnEachDatabase, TEST_NOW, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { receiveDeposit } from '../chain/broadcast.ts';
import { FAILING_ADDRESS } from '../chain/simulated-chain.ts';
import { auditLedger } from './audit.ts';
import type { AuditProgress } from './audit-laws.ts';
import { auditSinceLast } from './audit-since-last.ts';

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
      expect(await auditLedger(gateway.db)).toHaveLength(8);
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
      expect(whole.map(({ count }) => count)).toEqual([5, 1, 0, 0, 0, 6, 0, 0]);
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

  describe('auditSinceLast', () => {
    const run = async (...statements: readonly string[]) => {
      for (const statement of statements) await sql.raw(statement).execute(gateway.db);
    };
    const tamper = (statement: string) =>
      run(
        'ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_is_append_only',
        statement,
        'ALTER TABLE ledger_entry ENABLE TRIGGER ledger_entry_is_append_only',
      );
    const auditNew = async (rowsAtOnce?: number) => {
      const read = new Set<string>();
      const onProgress = ({ table, total }: AuditProgress) => read.add(`${table} ${total}`);
      const audit = await auditSinceLast(gateway.db, { rowsAtOnce, onProgress });
      const broken = audit.results.filter(({ count }) => count > 0).map(({ law }) => law);
      return { broken, isFull: audit.isFull, read: [...read], to: audit.to };
    };
    const settleAll = async () => {
      gateway.clock.freeze((TEST_NOW + 6) * 1000);
      await gateway.chain.advance();
    };

    it('reads every row once, then only newer ones and what was in flight', async () => {
      const { to, ...first } = await auditNew(3);
      expect(first).toEqual({
        broken: [],
        isFull: false,
        read: [
          `ledger_entry ${to.ledger_entry}`,
          `withdrawal ${to.withdrawal - 1000}`,
          `chain_transaction ${to.chain_transaction}`,
        ],
      });
      expect(await auditNew()).toEqual({ broken: [], isFull: false, read: [], to });
      await settleAll();
      // A hold is confirmed, and a deposit credited.
      expect(await auditNew(1)).toEqual({
        broken: [],
        isFull: false,
        read: ['ledger_entry 2'],
        to: { ...to, ledger_entry: to.ledger_entry + 2 },
      });
      expect(await broken()).toEqual([]);
    });

    it('goes on where an interrupted audit stopped', async () => {
      const stopped = new Error('interrupted');
      let ranges = 0;
      const onProgress = () => {
        ranges += 1;
        if (ranges === 5) throw stopped;
      };
      await expect(auditSinceLast(gateway.db, { rowsAtOnce: 1, onProgress })).rejects.toBe(stopped);
      const { from, to, results } = await auditSinceLast(gateway.db);
      expect(from.ledger_entry).toBe(5);
      expect(to.ledger_entry).toBeGreaterThan(5);
      expect(results.flatMap(({ violations }) => violations)).toEqual([]);
    });

    it('reads everything when something is wrong, and stays before it until it is right', async () => {
      const { to } = await auditNew();
      const update = (table: string, set: string, where: string) =>
        `UPDATE ${table} SET ${set} WHERE ${where}`;
      const cases = [
        [
          update('balance', 'balance = balance + 1', "currency = 'BTC'"),
          update('balance', 'balance = balance - 1', "currency = 'BTC'"),
          ['a balance is the sum of its ledger entries'],
        ],
        [
          update('withdrawal', "status = 'confirmed'", 'id = 1004'),
          update('withdrawal', "status = 'broadcasted'", 'id = 1004'),
          [
            'what is held is what withdrawals in flight will take',
            'a withdrawal is held once, and then confirmed or released once',
            'a withdrawal and its transaction agree',
          ],
        ],
        [
          update('chain_transaction', "status = 'confirmed'", "status = 'detected'"),
          update(
            'chain_transaction',
            "status = 'detected'",
            "direction = 'deposit' AND confirmed_at IS NULL",
          ),
          ['a deposit is credited once, with its amount, when it is confirmed'],
        ],
        [
          update('chain_transaction', "status = 'failed'", 'withdrawal_id = 1004'),
          update('chain_transaction', "status = 'broadcasted'", 'withdrawal_id = 1004'),
          ['a withdrawal and its transaction agree'],
        ],
        [
          `INSERT INTO ledger_entry (account_id, currency, network, kind, balance_delta, held_delta, withdrawal_id, created_at)
             SELECT account_id, currency, network, 'other', 0, 0, id, now() FROM withdrawal WHERE id = 1002`,
          undefined,
          [
            'a withdrawal is held once, and then confirmed or released once',
            'the entries of a withdrawal move its amount and fee',
          ],
        ],
      ] as const;
      for (const [statement, undo, laws] of cases) {
        await run(statement);
        const found = await auditNew();
        expect({ statement, ...found }).toMatchObject({ statement, broken: laws, isFull: true, to });
        if (undo === undefined) expect(await auditNew()).toMatchObject({ broken: laws, isFull: true, to });
        else {
          await run(undo);
          expect(await auditNew()).toMatchObject({ broken: [], isFull: false, to });
        }
      }
    });

    it('a full audit finds a verified entry that was changed, even where all sums agree', async () => {
      await auditNew();
      await tamper("UPDATE ledger_entry SET created_at = created_at - interval '1 day' WHERE id = 1");
      expect((await auditNew()).broken).toEqual([]);
      expect(await broken()).toEqual(['the entries that an audit has verified are unchanged']);
      const found = (await auditLedger(gateway.db, { rowsAtOnce: 2 }))[3]?.violations ?? [];
      expect(found).toEqual([
        expect.stringMatching(/^\S+ \S+: verified .*, now the same sums with another digest$/),
      ]);
      // What an operator does when the change was right.
      await run('TRUNCATE audit_checkpoint, audit_balance');
      expect(await broken()).toEqual([]);
      expect(await auditNew()).toMatchObject({ broken: [], isFull: false });
    });

    it('a full audit finds verified entries that are gone together with what they moved', async () => {
      await auditNew();
      await tamper("DELETE FROM ledger_entry WHERE currency = 'BTC'");
      await run("UPDATE balance SET balance = 0 WHERE currency = 'BTC'");
      expect(await broken()).toEqual(['the entries that an audit has verified are unchanged']);
      await run("DELETE FROM balance WHERE currency = 'BTC'");
      expect((await auditLedger(gateway.db))[3]?.violations).toEqual([
        'acct_demo BTC/BTC: its verified entries and the balance are gone',
      ]);
    });
  });
});
