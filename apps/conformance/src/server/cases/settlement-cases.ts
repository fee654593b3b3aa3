import { endpoints } from '@cpg/protocol';
import { pause, scaleDeadline } from '../../core/case-scope.ts';
import { NotApplicable } from '../../core/checker.ts';
import { REJECTIONS } from '../../core/rejections.ts';
import { type Amounts, ExactDecimal, readBalance } from '../balances.ts';
import { allAtOnce, type Hold } from '../concurrency.ts';
import { assertRoute } from '../routes.ts';
import { expectAccepted, expectRejected } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import {
  craftWithdrawal,
  expectWithdrawn,
  getCost,
  getNewestWithdrawal,
  getTerms,
  justTooMuch,
  newReference,
  readTerms,
  withdraw,
} from '../withdrawals.ts';

const PATIENCE_MS = 20_000;
const INTERVAL_MS = 200;
const FINAL: readonly unknown[] = ['confirmed', 'failed'];

const readStatus = async (server: ServerUnderTest, id: number): Promise<unknown> => {
  const response = await server.ask({ target: `/v1/withdrawals/${id}?nonce=${server.basis().nonce}` });
  expectAccepted(server.check, response);
  return (response.json as { readonly data: { readonly status?: unknown } }).data.status;
};

const expectAmounts = (
  { check }: ServerUnderTest,
  state: string,
  { actual, expected }: { readonly actual: Amounts; readonly expected: Amounts },
): void => {
  for (const name of ['balance', 'held', 'available'] as const)
    check.equal(`${name} once the withdrawal is ${state}`, {
      expected: expected[name].toFixed(),
      actual: actual[name].toFixed(),
    });
};

/** Looks at the withdrawal, then at the balance, until the withdrawal is final; each time `available` adds up. */
const watch = async (
  server: ServerUnderTest,
  id: number,
  look: (amounts: Amounts) => void = () => undefined,
): Promise<{ readonly status: string; readonly amounts: Amounts }> => {
  const deadline = Date.now() + scaleDeadline(PATIENCE_MS);
  for (;;) {
    // In this order: a status that is final was final before the balance was read.
    const status = await readStatus(server, id);
    const amounts = await readBalance(server, getTerms(server));
    server.check.equal('available', {
      expected: amounts.balance.minus(amounts.held).toFixed(),
      actual: amounts.available.toFixed(),
    });
    look(amounts);
    if (FINAL.includes(status)) return { status: String(status), amounts };
    if (Date.now() > deadline)
      throw new NotApplicable(`no withdrawal became final within ${PATIENCE_MS / 1000} s`);
    await pause(INTERVAL_MS);
  }
};

/** The newest withdrawal of each server when its balance was last seen at rest. */
const atRest = new WeakMap<ServerUnderTest['target'], number>();

/** The balance once the withdrawals of earlier cases are settled. */
const readAtRest = async (server: ServerUnderTest): Promise<Amounts> => {
  await assertRoute(server, endpoints.getWithdrawal);
  const newest = getNewestWithdrawal(server);
  if (newest !== undefined && newest === atRest.get(server.target))
    return readBalance(server, getTerms(server));
  await watch(server, newest ?? (await withdraw(server)).id);
  let before = await readBalance(server, getTerms(server));
  for (;;) {
    await pause(2 * INTERVAL_MS);
    const amounts = await readBalance(server, getTerms(server));
    if (amounts.held.eq(before.held)) return amounts;
    before = amounts;
  }
};

/** A later look at the balance: it was settled once. */
const expectAtRest = async (server: ServerUnderTest, state: string, expected: Amounts): Promise<void> => {
  await pause(2 * INTERVAL_MS);
  expectAmounts(server, state, { actual: await readBalance(server, getTerms(server)), expected });
  const newest = getNewestWithdrawal(server);
  if (newest !== undefined) atRest.set(server.target, newest);
};

/** A repeat of the reference of a withdrawal that is final is still a repeat. */
const expectKept = async (
  server: ServerUnderTest,
  { id }: { readonly id: number },
  changes: Readonly<Record<string, unknown>>,
): Promise<void> => {
  const again = await withdraw(server, changes);
  server.check.equal('withdrawal_id of a repeat', { expected: id, actual: again.id });
};

const AT_ONCE = 8;

/**
 * Withdrawals of three fifths of what is available, at once: of those that have not failed yet, there is one at
 * most. They go to an address to which they fail, so that nothing is lost.
 */
const overdraw = async (server: ServerUnderTest, hold: Hold): Promise<void> => {
  const before = await readAtRest(server);
  const places = new ExactDecimal(getTerms(server).amount).decimalPlaces();
  const amount = before.available.times('0.6').toFixed(places, ExactDecimal.ROUND_DOWN);
  const changes = { amount, to_address: getTerms(server).failing_to_address };
  const requests = Array.from({ length: AT_ONCE }, () =>
    craftWithdrawal(server, { ...changes, client_reference: newReference() }),
  );
  const responses = await allAtOnce(server, requests, hold);
  const ids = responses
    .filter(({ status }) => status === 200)
    .map((each) => expectWithdrawn(server, each).id);
  const { available } = await readBalance(server, getTerms(server));
  const statuses = await Promise.all(ids.map((id) => readStatus(server, id)));
  server.check.that(!available.isNegative(), {
    what: 'available after them',
    expected: 'not below 0',
    actual: available.toFixed(),
  });
  const underWay = statuses.filter((status) => status !== 'failed').length;
  server.check.that(ids.length > 0 && underWay <= 1, {
    what: `accepted, of ${AT_ONCE} of which the balance covers one`,
    expected: 'one',
    actual: ids.length === 0 ? 'none' : `${underWay} that have not failed`,
  });
  for (const response of responses.filter(({ status }) => status !== 200))
    expectRejected(server.check, response, REJECTIONS.insufficientBalance);
  for (const id of ids) await watch(server, id);
  await expectAtRest(server, 'failed', before);
};

/** How a withdrawal ends, seen by polling. */
export const SETTLEMENT_CASES = serverCases(
  { group: 'settlement', spec: '§4.1, §4.6', needs: ['withdrawal'], timeoutMs: 3 * PATIENCE_MS },
  [
    {
      id: 'settlement-confirmed',
      description:
        'a confirmed withdrawal clears its hold and debits the balance, once; available stays as it was',
      run: async (server) => {
        const before = await readAtRest(server);
        const client_reference = newReference();
        const withdrawal = await withdraw(server, { client_reference });
        const cost = getCost(withdrawal);
        const available = before.available.minus(cost);
        const { status, amounts } = await watch(server, withdrawal.id, (seen) =>
          server.check.equal('available until the withdrawal is final', {
            expected: available.toFixed(),
            actual: seen.available.toFixed(),
          }),
        );
        server.check.equal('status', { expected: 'confirmed', actual: status });
        const after = { balance: before.balance.minus(cost), held: before.held, available };
        expectAmounts(server, 'confirmed', { actual: amounts, expected: after });
        await expectKept(server, withdrawal, { client_reference });
        await expectAtRest(server, 'confirmed', after);
      },
    },
    {
      id: 'settlement-overdraft-race',
      description: `${AT_ONCE} withdrawals at once, of which the balance covers one: one is accepted, and the others are rejected; twice`,
      needs: ['withdrawal', 'failing'],
      run: async (server) => {
        await overdraw(server, 'body');
        await overdraw(server, 'header-end');
      },
    },
    {
      id: 'settlement-failed',
      description: 'a failed withdrawal releases its hold, once, and changes nothing else',
      needs: ['withdrawal', 'failing'],
      run: async (server) => {
        const before = await readAtRest(server);
        const { failing_to_address: to_address } = getTerms(server);
        const changes = { to_address, client_reference: newReference() };
        const withdrawal = await withdraw(server, changes);
        const during = before.available.minus(getCost(withdrawal));
        const { status, amounts } = await watch(server, withdrawal.id, (seen) =>
          server.check.that(seen.available.eq(during) || seen.available.eq(before.available), {
            what: 'available until the withdrawal is final',
            expected: `${during.toFixed()}, or ${before.available.toFixed()} once it has failed`,
            actual: seen.available.toFixed(),
          }),
        );
        server.check.equal('status', { expected: 'failed', actual: status });
        expectAmounts(server, 'failed', { actual: amounts, expected: before });
        await expectKept(server, withdrawal, changes);
        await expectAtRest(server, 'failed', before);
      },
    },
    {
      id: 'settlement-all-available',
      description: 'the largest amount that is covered together with its fee is accepted',
      needs: ['withdrawal', 'failing'],
      run: async (server) => {
        const row = await readTerms(server);
        const unit = new ExactDecimal(10).pow(-row.decimals);
        const before = await readAtRest(server);
        const { failing_to_address: to_address } = getTerms(server);
        const amount = justTooMuch(before.available, row).minus(unit).toFixed();
        const withdrawal = await withdraw(server, { to_address, amount });
        const left = before.available.minus(getCost(withdrawal));
        const { available } = await readBalance(server, getTerms(server));
        const status = await readStatus(server, withdrawal.id);
        server.check.that(available.eq(left) || status === 'failed', {
          what: 'available after it',
          expected: left.toFixed(),
          actual: available.toFixed(),
        });
        await watch(server, withdrawal.id);
        await expectAtRest(server, 'failed', before);
      },
    },
  ],
);
