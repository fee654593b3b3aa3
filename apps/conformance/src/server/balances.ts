import { endpoints } from '@cpg/protocol';
import { Decimal } from 'decimal.js';
import { assertServed } from './routes.ts';
import { expectAccepted } from './server-response.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import type { Role } from './test-keys.ts';

/** A row of `GET /v1/balances`. Wire protocol §4.1. */
export interface BalanceRow {
  readonly currency: string;
  readonly network: string;
  readonly balance: string;
  readonly held: string;
  readonly available: string;
}

/** Decimals for amounts: exact sums and products. */
export const ExactDecimal: typeof Decimal = Decimal.clone({ precision: 120 });

export type ExactDecimal = Decimal;

/** A plain decimal: no exponent, no sign but a minus, no leading zero. */
export const DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/** Reads the balances of an account, and checks `data_count`. */
export const readBalances = async (
  server: ServerUnderTest,
  query = '',
  role: Role = 'full',
): Promise<readonly BalanceRow[]> => {
  const basis = server.basis(role);
  const target = `/v1/balances?${query === '' ? '' : `${query}&`}nonce=${basis.nonce}`;
  const response = await server.ask({ target }, basis);
  assertServed(server, response, endpoints.listBalances);
  expectAccepted(server.check, response);
  const { data, data_count: count } = response.json as {
    readonly data: unknown;
    readonly data_count: number;
  };
  server.check.that(Array.isArray(data), { what: 'data', expected: 'a list', actual: JSON.stringify(data) });
  const rows = data as readonly BalanceRow[];
  server.check.equal('data_count', { expected: rows.length, actual: count });
  return rows;
};

/** The amounts of a balance. */
export type Amounts = Readonly<Record<'balance' | 'held' | 'available', ExactDecimal>>;

/** The balance of `full` in one currency on one network. */
export const readBalance = async (
  server: ServerUnderTest,
  { currency, network }: Pick<BalanceRow, 'currency' | 'network'>,
): Promise<Amounts> => {
  const [row, ...others] = await readBalances(server, `currency=${currency}&network=${network}`);
  server.check.that(row !== undefined && others.length === 0, {
    what: `balance of ${currency} on ${network}`,
    expected: 'one row',
    actual: row === undefined ? 'none' : String(others.length + 1),
  });
  const read = (name: keyof Amounts): ExactDecimal => {
    const actual = String(row?.[name]);
    const expected = 'a plain decimal string';
    server.check.that(DECIMAL.test(actual), { what: name, expected, actual });
    return new ExactDecimal(actual);
  };
  return { balance: read('balance'), held: read('held'), available: read('available') };
};

/** The available balance of `full` in one currency on one network. */
export const readAvailable = async (
  server: ServerUnderTest,
  where: Pick<BalanceRow, 'currency' | 'network'>,
): Promise<ExactDecimal> => (await readBalance(server, where)).available;

/** The fields of a row of `GET /v1/currencies` that the cases read. Wire protocol §4.2. */
export interface CurrencyRow {
  readonly currency: string;
  readonly network: string;
  readonly decimals: number;
  readonly min_withdrawal_amount: string;
  readonly withdrawal_fee_flat: string;
  readonly withdrawal_fee_percent: string;
}

/** Reads the currencies of `full`; not applicable when the server does not serve them. */
export const readCurrencies = async (server: ServerUnderTest): Promise<readonly CurrencyRow[]> => {
  const response = await server.ask({ target: `/v1/currencies?nonce=${server.basis().nonce}` });
  assertServed(server, response, endpoints.listCurrencies);
  expectAccepted(server.check, response);
  const { data, data_count: count } = response.json as {
    readonly data: unknown;
    readonly data_count: number;
  };
  server.check.that(Array.isArray(data) && data.length > 0, {
    what: 'currencies',
    expected: 'a list with rows',
    actual: JSON.stringify(data),
  });
  const rows = data as readonly CurrencyRow[];
  server.check.equal('data_count', { expected: rows.length, actual: count });
  return rows;
};
