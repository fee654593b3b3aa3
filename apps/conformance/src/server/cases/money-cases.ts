import { endpoints } from '@cpg/protocol';
import { NotApplicable } from '../../core/checker.ts';
import { REJECTIONS } from '../../core/rejections.ts';
import { ExactDecimal, readBalance, readBalances, readCurrencies } from '../balances.ts';
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
  justTooMuch,
  newReference,
  readTerms,
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

/** References that are not the same text. */
const similarReferences = (reference: string): readonly string[] => [
  reference,
  reference.toUpperCase(),
  `${reference} `,
  ` ${reference}`,
  `${reference}-\u00e9`,
  `${reference}-\u00e8`,
  `${reference}-e\u0301`,
  `${reference}-e`,
  reference.padEnd(128, 'a'),
  `${reference.padEnd(127, 'a')}b`,
];

/** Which balance a withdrawal moves, by how much, and what a reference belongs to. */
export const MONEY_CASES = serverCases({ group: 'withdrawal', spec: '§4.6', needs: ['withdrawal'] }, [
  {
    id: 'withdrawal-insufficient-held',
    description: 'the smallest unit more than is available, while withdrawals hold a part of the balance',
    spec: '§4.1, §4.6',
    run: async (server) => {
      const row = await readTerms(server);
      await withdraw(server);
      const { held, available } = await readBalance(server, getTerms(server));
      if (held.isZero()) throw new NotApplicable('nothing is held after a withdrawal');
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
    id: 'withdrawal-reference-exact',
    description:
      'references that differ in case, in spaces, in an accent, or in the last of 128 characters are different ones',
    run: (server) =>
      expectTaken(server, async () => {
        const reference = newReference();
        const withdrawn = [];
        for (const client_reference of similarReferences(reference))
          withdrawn.push(await withdraw(server, { client_reference }));
        const ids = new Set(withdrawn.map(({ id }) => id));
        server.check.equal('withdrawals', { expected: withdrawn.length, actual: ids.size });
        return withdrawn.map(getCost).reduce((sum, cost) => sum.plus(cost), new ExactDecimal(0));
      }),
  },
  {
    id: 'withdrawal-reference-spelling',
    description:
      'a repeat with the same amount in another spelling, and with currency and network in lower case: the first withdrawal',
    run: (server) =>
      expectTaken(server, async () => {
        const { currency, network, amount: usual } = getTerms(server);
        const client_reference = newReference();
        const amount = new ExactDecimal(usual).toSignificantDigits(1, ExactDecimal.ROUND_UP);
        const first = await withdraw(server, { client_reference, amount: amount.toFixed() });
        const spellings = [
          { amount: amount.toFixed(amount.decimalPlaces() + 1) },
          { amount: amount.toNumber() },
          { amount: amount.toFixed(), currency: currency.toLowerCase(), network: network.toLowerCase() },
        ];
        for (const changes of spellings) {
          const { id, data } = await withdraw(server, { client_reference, ...changes });
          server.check.equal(`response to ${JSON.stringify(changes)}`, {
            expected: `withdrawal ${first.id} of ${first.data.currency} on ${first.data.network}`,
            actual: `withdrawal ${id} of ${data.currency} on ${data.network}`,
          });
        }
        return getCost(first);
      }),
  },
  {
    id: 'withdrawal-name-spelling',
    description: 'currency and network match in any case; the response has the spelling of the server',
    spec: '§4',
    run: (server) =>
      expectTaken(server, async () => {
        const { currency, network } = getTerms(server);
        const withdrawn = await withdraw(server, {
          currency: currency.toLowerCase(),
          network: network.toLowerCase(),
        });
        server.check.equal('currency and network', {
          expected: `${currency} on ${network}`,
          actual: `${withdrawn.data.currency} on ${withdrawn.data.network}`,
        });
        return getCost(withdrawn);
      }),
  },
  {
    id: 'withdrawal-minimum',
    description: 'exactly the minimum withdrawal amount is accepted',
    run: async (server) => {
      const { min_withdrawal_amount: minimum } = await readTerms(server);
      if (new ExactDecimal(minimum).isZero())
        throw new NotApplicable('the currency has no minimum withdrawal amount');
      await expectTaken(server, async () =>
        getCost(await withdraw(server, { amount: new ExactDecimal(minimum).toFixed() })),
      );
    },
  },
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
