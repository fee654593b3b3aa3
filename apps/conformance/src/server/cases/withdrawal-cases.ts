import { NotApplicable } from '../../core/checker.ts';
import { REJECTIONS } from '../../core/rejections.ts';
import { ExactDecimal, readCurrencies } from '../balances.ts';
import { allAtOnce, type Hold, simultaneously } from '../concurrency.ts';
import { expectRejected } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import type { WithdrawalTerms } from '../test-keys.ts';
import {
  craftWithdrawal,
  expectNothingTaken,
  expectTaken,
  expectWithdrawn,
  getTerms,
  newReference,
  withdraw,
} from '../withdrawals.ts';

const COPIES = 20;
const DIFFERENTLY_SIGNED = 10;

/** The same bytes many times at once: one withdrawal. */
const race = (hold: Hold) => ({
  id: `withdrawal-race-${hold}`,
  description: `the same withdrawal ${COPIES} times at once (${hold === 'body' ? 'last body byte' : 'end of the headers'} held back): one is carried out, and available drops once`,
  timeoutMs: 20_000,
  spec: '§2 restriction 2, §4.6',
  run: (server: ServerUnderTest) =>
    expectTaken(server, async () => {
      const request = craftWithdrawal(server);
      const responses = await simultaneously(server, request, { hold, copies: COPIES });
      const accepted = responses.filter(({ status }) => status === 200);
      server.check.equal(`accepted of ${COPIES} at once`, { expected: 1, actual: accepted.length });
      for (const response of responses.filter(({ status }) => status !== 200))
        expectRejected(server.check, response, REJECTIONS.alreadyUsed);
      const [first] = accepted.map((response) => expectWithdrawn(server, response));
      return first?.amount.plus(first.fee);
    }),
});

/** One client_reference in several newly signed requests at once: one withdrawal. */
const referenceRace = (hold: Hold) => ({
  id: `withdrawal-reference-race-${hold}`,
  description: `${DIFFERENTLY_SIGNED} attempts with one client_reference at once (${hold === 'body' ? 'last body byte' : 'end of the headers'} held back): all get the same withdrawal, and available drops once`,
  timeoutMs: 20_000,
  run: (server: ServerUnderTest) =>
    expectTaken(server, async () => {
      const client_reference = newReference();
      const requests = Array.from({ length: DIFFERENTLY_SIGNED }, () =>
        craftWithdrawal(server, { client_reference }),
      );
      const responses = await allAtOnce(server, requests, hold);
      const withdrawn = responses.map((response) => expectWithdrawn(server, response));
      const ids = new Set(withdrawn.map(({ id }) => id));
      server.check.equal('withdrawals', { expected: 1, actual: ids.size });
      const [first] = withdrawn;
      return first?.amount.plus(first.fee);
    }),
});

/** Exactly-once execution of withdrawals. */
export const WITHDRAWAL_CASES = serverCases({ group: 'withdrawal', spec: '§4.6', needs: ['withdrawal'] }, [
  {
    id: 'withdrawal-takes-amount-and-fee',
    description: 'available drops at once by amount_decimal + fee_decimal, to the last digit',
    spec: '§4.1, §4.6',
    run: (server) =>
      expectTaken(server, async () => {
        const { amount, fee } = await withdraw(server);
        server.check.equal('amount_decimal', {
          expected: new ExactDecimal(getTerms(server).amount).toFixed(),
          actual: amount.toFixed(),
        });
        return amount.plus(fee);
      }),
  },
  {
    id: 'withdrawal-fee',
    description: 'the fee is flat + amount × percent / 100, rounded up to the currency’s decimals',
    run: async (server) => {
      const terms = getTerms(server);
      const currencies = await readCurrencies(server);
      const row = currencies.find((e) => e.currency === terms.currency && e.network === terms.network);
      const { amount, fee } = await withdraw(server);
      const percentage = amount.times(row?.withdrawal_fee_percent ?? 'NaN').div(100);
      server.check.equal('fee_decimal', {
        expected: percentage
          .plus(row?.withdrawal_fee_flat ?? 'NaN')
          .toFixed(row?.decimals ?? 0, ExactDecimal.ROUND_UP),
        actual: fee.toFixed(row?.decimals ?? 0),
      });
    },
  },
  {
    id: 'withdrawal-replay',
    description: 'the same bytes again: already used, and the balance is unchanged',
    spec: '§2 restriction 2, §4.6',
    run: (server) =>
      expectTaken(server, async () => {
        const request = craftWithdrawal(server);
        const { amount, fee } = expectWithdrawn(server, await server.send(request));
        expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
        return amount.plus(fee);
      }),
  },
  race('body'),
  race('header-end'),
  referenceRace('body'),
  referenceRace('header-end'),
  {
    id: 'withdrawal-reference-again',
    description:
      'a repeated client_reference, newly signed: the first withdrawal, and the balance is unchanged',
    run: (server) =>
      expectTaken(server, async () => {
        const client_reference = newReference();
        const first = await withdraw(server, { client_reference });
        const { id } = await withdraw(server, { client_reference });
        server.check.equal('withdrawal_id of the second', { expected: first.id, actual: id });
        return first.amount.plus(first.fee);
      }),
  },
  {
    id: 'withdrawal-two-references',
    description: 'two references are two withdrawals',
    run: (server) =>
      expectTaken(server, async () => {
        const first = await withdraw(server, { client_reference: newReference() });
        const second = await withdraw(server, { client_reference: newReference() });
        server.check.that(first.id !== second.id, {
          what: 'withdrawal_id of the second',
          expected: 'another one',
          actual: String(second.id),
        });
        return first.amount.plus(first.fee).plus(second.amount).plus(second.fee);
      }),
  },
  ...(['amount', 'to_address'] as const).map((field) => ({
    id: `withdrawal-reference-other-${field.replace('_', '-')}`,
    description: `a repeated client_reference with another ${field}: 409, and the balance is unchanged`,
    spec: '§3, §4.6',
    run: async (server: ServerUnderTest) => {
      const client_reference = newReference();
      const { amount } = await withdraw(server, { client_reference });
      const others = field === 'amount' ? [amount.times(2).toFixed()] : otherAddresses(getTerms(server));
      await expectNothingTaken(server, async () => {
        for (const other of others) {
          const response = await server.send(craftWithdrawal(server, { client_reference, [field]: other }));
          expectRejected(server.check, response, REJECTIONS.referenceConflict);
        }
      });
    },
  })),
  {
    id: 'withdrawal-reference-address-spelling',
    description:
      'a repeated client_reference with the address in lower case: the first withdrawal, and the balance is unchanged',
    run: (server) =>
      expectTaken(server, async () => {
        const client_reference = newReference();
        const to_address = respell(getTerms(server).to_address);
        const first = await withdraw(server, { client_reference });
        const again = await withdraw(server, { client_reference, to_address });
        server.check.equal('withdrawal_id of the second', { expected: first.id, actual: again.id });
        return first.amount.plus(first.fee);
      }),
  },
  {
    id: 'withdrawal-after-refusal',
    description: 'a rejected attempt leaves no trace: its client_reference is free',
    run: (server) =>
      expectTaken(server, async () => {
        const client_reference = newReference();
        const rejected = await server.send(
          craftWithdrawal(server, { client_reference, amount: '9'.repeat(18) }),
        );
        expectRejected(server.check, rejected, REJECTIONS.insufficientBalance);
        const { amount, fee } = await withdraw(server, { client_reference });
        return amount.plus(fee);
      }),
  },
]);

const HEX_ADDRESS = /^0x[0-9a-fA-F]+$/;

/**
 * Other addresses: one that has no digit in common, and two that differ in the first and the last one. In lower
 * case they have no checksum.
 */
function otherAddresses({ to_address: address }: WithdrawalTerms): readonly string[] {
  if (!HEX_ADDRESS.test(address)) throw new NotApplicable('needs: a to_address in the 0x form');
  const digits = address.slice(2).toLowerCase();
  const next = (digit: string) => ((Number.parseInt(digit, 16) + 1) % 16).toString(16);
  return [digits.replace(/./g, next), digits.replace(/^./, next), digits.replace(/.$/, next)].map(
    (each) => `0x${each}`,
  );
}

/** Another spelling of the same address. */
function respell(address: string): string {
  const other = HEX_ADDRESS.test(address) ? address.toLowerCase() : address;
  if (other === address) throw new NotApplicable('needs: a to_address in the 0x form, with capitals');
  return other;
}
