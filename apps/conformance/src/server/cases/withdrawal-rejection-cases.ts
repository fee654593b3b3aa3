import { endpoints } from '@cpg/protocol';
import { NotApplicable } from '../../core/checker.ts';
import { createPermissionRejection, type ExpectedRejection, REJECTIONS } from '../../core/rejections.ts';
import { ExactDecimal, readAvailable, readBalances, readCurrencies } from '../balances.ts';
import { expectInvalidField } from '../fields.ts';
import { assertRoute } from '../routes.ts';
import { expectRejected } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import {
  craftWithdrawal,
  expectNothingTaken,
  expectTaken,
  expectWithdrawn,
  getTerms,
} from '../withdrawals.ts';

type Changes = Readonly<Record<string, unknown>>;

/** Expects this rejection, and an unchanged balance. */
const rejectedWith =
  (expected: ExpectedRejection, changes: (server: ServerUnderTest) => Changes | Promise<Changes>) =>
  async (server: ServerUnderTest): Promise<void> => {
    const changed = await changes(server);
    await expectNothingTaken(server, async () =>
      expectRejected(server.check, await server.send(craftWithdrawal(server, changed)), expected),
    );
  };

/** Expects a 422 about this field, with any reason, and an unchanged balance. */
const invalid =
  (field: string, changes: (server: ServerUnderTest) => Changes) =>
  (server: ServerUnderTest): Promise<void> =>
    expectNothingTaken(server, async () => {
      const response = await server.send(craftWithdrawal(server, changes(server)));
      expectInvalidField(server, response, field);
    });

const badRequest = (message: string): ExpectedRejection => ({ status: 400, message });
const INVALID_ADDRESS = badRequest('Invalid destination address');
const unfit = (message: string): ExpectedRejection => ({ status: 422, message });

const getAvailable = (server: ServerUnderTest) => readAvailable(server, getTerms(server));

const smallestUnit = async (server: ServerUnderTest): Promise<ExactDecimal> => {
  const terms = getTerms(server);
  const row = (await readCurrencies(server)).find(
    ({ currency, network }) => currency === terms.currency && network === terms.network,
  );
  const unit = new ExactDecimal(10).pow(-(row?.decimals ?? 0));
  if (row === undefined || unit.gte(row.min_withdrawal_amount))
    throw new NotApplicable('the currency has no minimum withdrawal amount');
  return unit;
};

/** Spellings of this amount, and texts, that are no plain decimal. */
const unfitAmounts = (amount: string): readonly unknown[] => [
  `0${amount}`,
  `+${amount}`,
  ` ${amount}`,
  `${amount} `,
  `${amount}\n`,
  `${amount}e0`,
  '1.',
  '.5',
  '1,5',
  '1_0',
  '1 0',
  '0x1',
  '1.0.0',
  '\u0661',
  '\uff11',
  '1f',
  '1/2',
  '',
  'NaN',
  'Infinity',
  true,
  [amount],
  {},
];

/** The address of the keys file, with one letter in the other case. */
const withWrongChecksum = (server: ServerUnderTest): string => {
  const { to_address: address } = getTerms(server);
  if (!/^0x[0-9a-fA-F]{40}$/.test(address) || !/[A-F]/.test(address) || !/[a-f]/.test(address))
    throw new NotApplicable('needs: a to_address in the 0x form, in both cases');
  return address.replace(/[A-F]/, (letter) => letter.toLowerCase());
};

/** A number near this one that is written with 17 significant digits. */
const longNumber = (near: number): number => {
  let number = near * (1 + 1 / 3);
  while (new ExactDecimal(number).precision() < 17) number *= 1 + 1e-7;
  return number;
};

/** Withdrawals that are rejected, with an unchanged balance. */
export const WITHDRAWAL_REJECTION_CASES = serverCases(
  { group: 'withdrawal', spec: '§4.6', needs: ['withdrawal'] },
  [
    {
      id: 'withdrawal-misspelt-reference',
      description: 'a misspelt client_reference must not pass silently',
      spec: '§4',
      run: rejectedWith(unfit('client_refrence: Unexpected field'), () => ({ client_refrence: 'x' })),
    },
    {
      id: 'withdrawal-amount-zero',
      description: 'an amount of 0',
      run: rejectedWith(unfit('amount: Input should be greater than 0'), () => ({ amount: '0' })),
    },
    {
      id: 'withdrawal-amount-negative',
      description: 'an amount below 0',
      run: rejectedWith(unfit('amount: Input should be greater than 0'), (server) => ({
        amount: `-${getTerms(server).amount}`,
      })),
    },
    {
      id: 'withdrawal-amount-zero-number',
      description: 'an amount of 0 as a number',
      run: rejectedWith(unfit('amount: Input should be greater than 0'), () => ({ amount: 0 })),
    },
    {
      id: 'withdrawal-amount-exponent',
      description: 'an amount in exponent notation',
      run: invalid('amount', () => ({ amount: '1e2' })),
    },
    {
      id: 'withdrawal-amount-grammar',
      description:
        'amounts that number parsers take, but that are no plain decimal: leading zeros, signs, spaces, separators, other digits',
      run: (server) =>
        expectNothingTaken(server, async () => {
          for (const amount of unfitAmounts(getTerms(server).amount)) {
            const response = await server.send(craftWithdrawal(server, { amount }, { role: 'other' }));
            expectInvalidField(server, response, 'amount');
          }
        }),
    },
    {
      id: 'withdrawal-text-lengths',
      description: 'to_address of 9 and 257 characters, and client_reference of none and of 129: 422',
      run: async (server) => {
        await assertRoute(server, endpoints.createWithdrawal);
        for (const [field, value] of [
          ['to_address', '0x3456789'],
          ['to_address', 'x'.repeat(257)],
          ['client_reference', ''],
          ['client_reference', 'x'.repeat(129)],
        ] as const) {
          const request = craftWithdrawal(server, { [field]: value }, { role: 'other' });
          expectInvalidField(server, await server.send(request), field);
        }
        const shortest = craftWithdrawal(server, { to_address: '0x34567890' });
        expectRejected(server.check, await server.send(shortest), INVALID_ADDRESS);
      },
    },
    {
      id: 'withdrawal-address-checksum',
      description: 'the address with the case of one letter changed: its checksum is wrong',
      run: rejectedWith(INVALID_ADDRESS, (server) => ({ to_address: withWrongChecksum(server) })),
    },
    {
      id: 'withdrawal-address-zero',
      description: 'the zero address',
      run: rejectedWith(INVALID_ADDRESS, (server) => {
        withWrongChecksum(server);
        return { to_address: `0x${'0'.repeat(40)}` };
      }),
    },
    {
      id: 'withdrawal-amount-places',
      description: 'more places than the currency has',
      spec: '§4',
      run: async (server) => {
        const { currency, network, amount } = getTerms(server);
        const [row] = await readBalances(server, `currency=${currency}&network=${network}`);
        const places = row?.available.split('.')[1]?.length ?? 0;
        const finer = `${new ExactDecimal(amount).toFixed(places)}${places === 0 ? '.1' : '1'}`;
        await invalid('amount', () => ({ amount: finer }))(server);
      },
    },
    {
      id: 'withdrawal-amount-number',
      description: 'an amount as a JSON number is accepted',
      run: (server) =>
        expectTaken(server, async () => {
          const amount = new ExactDecimal(getTerms(server).amount).toSignificantDigits(
            2,
            ExactDecimal.ROUND_UP,
          );
          const request = craftWithdrawal(server, { amount: amount.toNumber() });
          const withdrawn = expectWithdrawn(server, await server.send(request));
          server.check.equal('amount_decimal', {
            expected: amount.toFixed(),
            actual: withdrawn.amount.toFixed(),
          });
          return withdrawn.amount.plus(withdrawn.fee);
        }),
    },
    {
      id: 'withdrawal-amount-number-digits',
      description: 'an amount as a JSON number of more than 15 significant digits',
      run: invalid('amount', (server) => ({ amount: longNumber(Number(getTerms(server).amount)) })),
    },
    {
      id: 'withdrawal-insufficient',
      description: 'more than is available',
      run: rejectedWith(REJECTIONS.insufficientBalance, async (server) => ({
        amount: (await getAvailable(server)).times(2).toFixed(),
      })),
    },
    {
      id: 'withdrawal-insufficient-for-fee',
      description: 'all that is available, which leaves nothing for the fee',
      run: async (server) => {
        const { fee } = expectWithdrawn(server, await server.send(craftWithdrawal(server)));
        if (fee.isZero()) throw new NotApplicable('the withdrawal has no fee');
        await rejectedWith(REJECTIONS.insufficientBalance, async () => ({
          amount: (await getAvailable(server)).toFixed(),
        }))(server);
      },
    },
    {
      id: 'withdrawal-below-minimum',
      description: 'less than the minimum withdrawal amount',
      run: rejectedWith(badRequest('Amount is below the minimum withdrawal amount'), async (server) => ({
        amount: (await smallestUnit(server)).toFixed(),
      })),
    },
    {
      id: 'withdrawal-bad-address',
      description: 'a destination that is not an address of the network',
      run: rejectedWith(INVALID_ADDRESS, () => ({
        to_address: 'nowhere-at-all-in-the-world',
      })),
    },
    {
      id: 'withdrawal-unknown-currency',
      description: 'an unknown currency',
      run: rejectedWith(badRequest('Withdrawals are not enabled for this currency'), () => ({
        currency: 'NOSUCHCOIN',
      })),
    },
    {
      id: 'withdrawal-without-permission',
      description: 'without the permission the balance is unchanged',
      spec: '§2 restriction 5, §4.6',
      run: (server) =>
        expectNothingTaken(server, async () => {
          const response = await server.send(craftWithdrawal(server, {}, { role: 'readonly' }));
          expectRejected(server.check, response, createPermissionRejection('withdraw'));
        }),
    },
  ],
);
