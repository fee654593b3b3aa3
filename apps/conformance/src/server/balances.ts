import { endpoints } from '@cpg/protocol';
import type { BalanceRow } from '../core/balance-row.ts';
import { ExactDecimal } from './exact-decimal.ts';
import { expectAccepted } from './expect-answer.ts';
import { requireServed } from './routes.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** A plain decimal: no exponent, no sign but a minus, no leading zero. */
export const DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/** Reads the balances of `full`; `data_count` must say how many they are. */
export const readBalances = async (server: ServerUnderTest, query = ''): Promise<readonly BalanceRow[]> => {
  const target = `/v1/balances?${query === '' ? '' : `${query}&`}nonce=${server.basis().nonce}`;
  const answer = await server.ask({ target });
  requireServed(answer, endpoints.listBalances);
  expectAccepted(server.check, answer);
  const { data, data_count: count } = answer.json as { readonly data: unknown; readonly data_count: number };
  server.check.that(Array.isArray(data), { what: 'data', expected: 'a list', actual: JSON.stringify(data) });
  const rows = data as readonly BalanceRow[];
  server.check.equal('data_count', { expected: rows.length, actual: count });
  return rows;
};

/** What `full` can spend of one currency on one network. */
export const readAvailable = async (
  server: ServerUnderTest,
  { currency, network }: Pick<BalanceRow, 'currency' | 'network'>,
): Promise<ExactDecimal> => {
  const [row, ...others] = await readBalances(server, `currency=${currency}&network=${network}`);
  server.check.that(row !== undefined && others.length === 0, {
    what: `balance of ${currency} on ${network}`,
    expected: 'one row',
    actual: row === undefined ? 'none' : String(others.length + 1),
  });
  const available = String(row?.available);
  server.check.that(DECIMAL.test(available), {
    what: 'available',
    expected: 'a plain decimal string',
    actual: available,
  });
  return new ExactDecimal(available);
};
