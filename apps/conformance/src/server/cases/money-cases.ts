import { endpoints } from '@cpg/protocol';
import { NotApplicable } from '../../core/checker.ts';
import { REJECTIONS } from '../../core/rejections.ts';
import { type CurrencyRow, ExactDecimal, readBalance, readBalances, readCurrencies } from '../balances.ts';
import { allAtOnce, type Hold } from '../concurrency.ts';
import { assertRoute } from '../routes.ts';
import { expectRejected } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import { withFrozenClock } from '../test-hooks.ts';
import {
  craftWithdrawal,
  expectNothingTaken,
  expectTaken,
  expectWithdrawn,
  getCost,
  getTerms,
  newReference,
  withdraw,
} from '../withdrawals.ts';

const AT_ONCE = 10;
const HOUR = 3600;

/** Different withdrawals at once: none is lost. */
const distinctRace = (hold: Hold) => ({
  id: `withdrawal-distinct-race-${hold}`,
  description: `${AT_ONCE} different withdrawals at once (${hold === 'body' ? 'last body byte' : 'end of the headers'} held back): available drops by the sum of all`,
  timeoutMs: 20_000,
  spec: '§4.1, §4.6',
  run: (server: ServerUnderTest) =>
    expectTaken(server, async () => {
      const requests = Array.from({ length: AT_ONCE }, () =>
        craftWithdrawal(server, { client_reference: newReference() }),
      );
      const withdrawn = (await allAtOnce(server, requests, hold)).map((each) =>
        expectWithdrawn(server, each),
      );
      const ids = new Set(withdrawn.map(({ id }) => id));
      server.check.equal('withdrawals', { expected: AT_ONCE, actual: ids.size });
      return withdrawn.map(getCost).reduce((sum, cost) => sum.plus(cost), new ExactDecimal(0));
    }),
});

/** A repeat with this field changed is no repeat: 409, or what these parameters get without a reference. */
const expectNoRepeat = async (
  server: ServerUnderTest,
  field: 'currency' | 'network',
  other: string,
): Promise<void> => {
  const client_reference = newReference();
  await withdraw(server, { client_reference });
  await expectNothingTaken(server, async () => {
    const response = await server.send(craftWithdrawal(server, { client_reference, [field]: other }));
    if (response.status !== 400 && response.status !== 422)
      expectRejected(server.check, response, REJECTIONS.referenceConflict);
  });
};

/** The smallest amount that costs more than is available. */
const justTooMuch = (available: ExactDecimal, row: CurrencyRow): ExactDecimal => {
  const unit = new ExactDecimal(10).pow(-row.decimals);
  const percent = new ExactDecimal(row.withdrawal_fee_percent).div(100);
  const isTooMuch = (amount: ExactDecimal): boolean => {
    const fee = amount.times(percent).plus(row.withdrawal_fee_flat);
    return amount.plus(fee.toDecimalPlaces(row.decimals, ExactDecimal.ROUND_UP)).gt(available);
  };
  let amount = available
    .minus(row.withdrawal_fee_flat)
    .div(percent.plus(1))
    .toDecimalPlaces(row.decimals, ExactDecimal.ROUND_DOWN)
    .minus(unit);
  while (!isTooMuch(amount)) amount = amount.plus(unit);
  return amount;
};

/** Which balance a withdrawal moves, by how much, and what a reference belongs to. */
export const MONEY_CASES = serverCases({ group: 'withdrawal', spec: '§4.6', needs: ['withdrawal'] }, [
  {
    id: 'withdrawal-insufficient-held',
    description: 'the smallest unit more than is available, while withdrawals hold a part of the balance',
    spec: '§4.1, §4.6',
    run: async (server) => {
      const terms = getTerms(server);
      const row = (await readCurrencies(server)).find(
        ({ currency, network }) => currency === terms.currency && network === terms.network,
      );
      await withdraw(server);
      const { held, available } = await readBalance(server, terms);
      if (row === undefined || held.isZero()) throw new NotApplicable('nothing is held after a withdrawal');
      await expectNothingTaken(server, async () => {
        const amount = justTooMuch(available, row).toFixed();
        const response = await server.send(craftWithdrawal(server, { amount }));
        expectRejected(server.check, response, REJECTIONS.insufficientBalance);
      });
    },
  },
  distinctRace('body'),
  distinctRace('header-end'),
  {
    id: 'withdrawal-moves-one-balance',
    description: 'a withdrawal moves one balance of one account, and no other balance of this or another one',
    spec: '§4.1, §4.6',
    run: async (server) => {
      await assertRoute(server, endpoints.createWithdrawal);
      const { currency, network } = getTerms(server);
      const readOthers = async (): Promise<string> => {
        const own = (await readBalances(server)).filter(
          (row) => row.currency !== currency || row.network !== network,
        );
        return JSON.stringify({ own, other: await readBalances(server, '', 'other') });
      };
      const before = await readOthers();
      await expectTaken(server, async () => getCost(await withdraw(server)));
      server.check.equal('balances of other currencies, and of the other account', {
        expected: before,
        actual: await readOthers(),
      });
    },
  },
  {
    id: 'withdrawal-reference-null',
    description: 'a client_reference of null is none: two withdrawals',
    spec: '§4, §4.6',
    run: (server) =>
      expectTaken(server, async () => {
        const first = await withdraw(server, { client_reference: null });
        const second = await withdraw(server, { client_reference: null });
        server.check.that(first.id !== second.id, {
          what: 'withdrawal_id of the second',
          expected: 'another one',
          actual: String(second.id),
        });
        return getCost(first).plus(getCost(second));
      }),
  },
  {
    id: 'withdrawal-reference-other-account',
    description:
      'the same client_reference on another account is another withdrawal, whatever its parameters',
    run: async (server) => {
      for (const isSame of [true, false])
        await expectTaken(server, async () => {
          const client_reference = newReference();
          const first = await withdraw(server, { client_reference });
          const changes = {
            client_reference,
            ...(isSame ? {} : { amount: first.amount.times(2).toFixed() }),
          };
          const response = await server.send(craftWithdrawal(server, changes, { role: 'other' }));
          const { data } = (response.json ?? {}) as { readonly data?: { readonly withdrawal_id?: unknown } };
          server.check.that(response.status !== 409 && data?.withdrawal_id !== first.id, {
            what: 'response to the other account',
            expected: 'a withdrawal of its own, or a rejection other than 409',
            actual: `${response.status} ${response.text}`,
          });
          return getCost(first);
        });
    },
  },
  {
    id: 'withdrawal-reference-other-currency',
    description: 'a repeated client_reference with another currency is no repeat, and nothing is taken',
    run: async (server) => {
      const { currency, network } = getTerms(server);
      const rows = await readCurrencies(server);
      const other = rows.find((row) => row.network === network && row.currency !== currency)?.currency;
      for (const each of [other ?? 'NOSUCHCOIN', 'NOSUCHCOIN'])
        await expectNoRepeat(server, 'currency', each);
    },
  },
  {
    id: 'withdrawal-reference-other-network',
    description: 'a repeated client_reference with another network is no repeat, and nothing is taken',
    run: async (server) => {
      const { network } = getTerms(server);
      const other = (await readCurrencies(server)).find((row) => row.network !== network)?.network;
      for (const each of [other ?? 'NOSUCHNET', 'NOSUCHNET']) await expectNoRepeat(server, 'network', each);
    },
  },
  {
    id: 'withdrawal-reference-kept',
    description: 'a client_reference is known an hour, and a day, later',
    needs: ['withdrawal', 'clock'],
    timeoutMs: 30_000,
    run: (server) =>
      withFrozenClock(server, async (clock, now) => {
        const client_reference = newReference();
        const { id } = await withdraw(server, { client_reference }, now);
        for (const later of [HOUR + 1, 25 * HOUR]) {
          await clock.freeze(now + later);
          const again = await withdraw(server, { client_reference }, now + later);
          server.check.equal(`withdrawal_id ${later} s later`, { expected: id, actual: again.id });
        }
      }),
  },
]);
