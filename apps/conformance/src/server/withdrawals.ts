import { randomBytes } from 'node:crypto';
import { endpoints } from '@cpg/protocol';
import { NotApplicable } from '../core/checker.ts';
import type { CraftedRequest } from '../core/probes/index.ts';
import { type CurrencyRow, DECIMAL, ExactDecimal, readAvailable, readCurrencies } from './balances.ts';
import { assertRoute, assertServed } from './routes.ts';
import { expectAccepted, type ServerResponse } from './server-response.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import type { Role, WithdrawalTerms } from './test-keys.ts';

/** The withdrawal terms of the keys file. */
export const getTerms = ({ target }: ServerUnderTest): WithdrawalTerms => {
  if (target.keys.withdrawal === undefined) throw new NotApplicable('needs: withdrawal');
  return target.keys.withdrawal;
};

/** The newest withdrawal that each server has created. */
const newest = new WeakMap<ServerUnderTest['target'], number>();

export const getNewestWithdrawal = ({ target }: ServerUnderTest): number | undefined => newest.get(target);

export const newReference = (): string => `conformance-${randomBytes(8).toString('hex')}`;

/**
 * A signed `POST /v1/withdrawals` of the usual terms, with fields changed or added. `now`: the server's clock,
 * when it is frozen.
 */
export const craftWithdrawal = (
  server: ServerUnderTest,
  changes: Readonly<Record<string, unknown>> = {},
  { role = 'full', now = server.now() }: { readonly role?: Role; readonly now?: number } = {},
): CraftedRequest => {
  const basis = server.basis(role, now);
  const { failing_to_address: _unused, ...terms } = getTerms(server);
  const body = Buffer.from(JSON.stringify({ ...terms, ...changes }));
  return server.craft({ method: 'POST', target: `/v1/withdrawals?nonce=${basis.nonce}`, body }, basis);
};

/** The data of a withdrawal, unvalidated. */
interface WithdrawalData {
  readonly withdrawal_id?: unknown;
  readonly status?: unknown;
  readonly tx_hash?: unknown;
  readonly currency?: unknown;
  readonly network?: unknown;
  readonly to_address?: unknown;
  readonly amount_decimal?: unknown;
  readonly fee_decimal?: unknown;
}

/** A withdrawal that was created. */
interface Withdrawn {
  readonly id: number;
  readonly amount: ExactDecimal;
  readonly fee: ExactDecimal;
  readonly data: WithdrawalData;
}

/** 200 with the data of a withdrawal; amount and fee are decimal strings. */
export const expectWithdrawn = (server: ServerUnderTest, response: ServerResponse): Withdrawn => {
  const { check } = server;
  assertServed(server, response, endpoints.createWithdrawal);
  expectAccepted(check, response);
  const { data } = response.json as { readonly data: WithdrawalData };
  for (const name of ['amount_decimal', 'fee_decimal'] as const) {
    const amount = data[name];
    check.that(typeof amount === 'string' && DECIMAL.test(amount), {
      what: name,
      expected: 'a plain decimal string',
      actual: JSON.stringify(amount),
    });
  }
  const { withdrawal_id: id, amount_decimal: amount, fee_decimal: fee } = data;
  check.that(Number.isSafeInteger(id), {
    what: 'withdrawal_id',
    expected: 'an integer',
    actual: JSON.stringify(id),
  });
  newest.set(server.target, Math.max(Number(id), newest.get(server.target) ?? 0));
  return {
    id: Number(id),
    amount: new ExactDecimal(String(amount)),
    fee: new ExactDecimal(String(fee)),
    data,
  };
};

/** Makes a withdrawal of the usual terms, with fields changed or added. */
export const withdraw = async (
  server: ServerUnderTest,
  changes: Readonly<Record<string, unknown>> = {},
  now = server.now(),
): Promise<Withdrawn> =>
  expectWithdrawn(server, await server.send(craftWithdrawal(server, changes, { now })));

/** Amount and fee together. */
export const getCost = ({ amount, fee }: Withdrawn): ExactDecimal => amount.plus(fee);

/** Runs the body, and expects that `available` drops by exactly the amount it returns. */
export const expectTaken = async (
  server: ServerUnderTest,
  body: () => Promise<ExactDecimal | undefined>,
): Promise<void> => {
  const terms = getTerms(server);
  await assertRoute(server, endpoints.createWithdrawal);
  const before = await readAvailable(server, terms);
  const cost = (await body()) ?? new ExactDecimal(0);
  const after = await readAvailable(server, terms);
  server.check.equal(`taken from available ${terms.currency} on ${terms.network}`, {
    expected: cost.toFixed(),
    actual: before.minus(after).toFixed(),
  });
};

/** Runs the body, and expects that `available` is unchanged. */
export const expectNothingTaken = (server: ServerUnderTest, body: () => Promise<void>): Promise<void> =>
  expectTaken(server, async () => {
    await body();
    return undefined;
  });

/** The row of `GET /v1/currencies` for the usual terms. */
export const readTerms = async (server: ServerUnderTest): Promise<CurrencyRow> => {
  const { currency, network } = getTerms(server);
  const rows = await readCurrencies(server);
  const row = rows.find((each) => each.currency === currency && each.network === network);
  if (row === undefined) throw new NotApplicable(`the server does not list ${currency} on ${network}`);
  return row;
};

/** What an amount costs, with its fee. */
const costOf = (amount: ExactDecimal, row: CurrencyRow): ExactDecimal =>
  amount
    .times(row.withdrawal_fee_percent)
    .div(100)
    .plus(row.withdrawal_fee_flat)
    .toDecimalPlaces(row.decimals, ExactDecimal.ROUND_UP)
    .plus(amount);

/** The smallest amount that costs more than is available. */
export const justTooMuch = (available: ExactDecimal, row: CurrencyRow): ExactDecimal => {
  const unit = new ExactDecimal(10).pow(-row.decimals);
  let amount = available
    .minus(row.withdrawal_fee_flat)
    .div(new ExactDecimal(row.withdrawal_fee_percent).div(100).plus(1))
    .toDecimalPlaces(row.decimals, ExactDecimal.ROUND_DOWN)
    .minus(unit);
  while (costOf(amount, row).lte(available)) amount = amount.plus(unit);
  return amount;
};
