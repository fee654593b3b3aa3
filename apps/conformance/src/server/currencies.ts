import { endpoints } from '@cpg/protocol';
import { expectAccepted } from './expect-answer.ts';
import { requireServed } from './routes.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** What the cases read of a row of `GET /v1/currencies`. Contract §4.2. */
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
  const answer = await server.ask({ target: `/v1/currencies?nonce=${server.basis().nonce}` });
  requireServed(answer, endpoints.listCurrencies);
  expectAccepted(server.check, answer);
  const { data, data_count: count } = answer.json as { readonly data: unknown; readonly data_count: number };
  server.check.that(Array.isArray(data) && data.length > 0, {
    what: 'currencies',
    expected: 'a list with rows',
    actual: JSON.stringify(data),
  });
  const rows = data as readonly CurrencyRow[];
  server.check.equal('data_count', { expected: rows.length, actual: count });
  return rows;
};
