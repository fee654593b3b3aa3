import { endpoints } from '@cpg/protocol';
import { NotApplicable } from '../core/checker.ts';
import { type CurrencyRow, readCurrencies } from './balances.ts';
import { expectFields } from './fields.ts';
import { assertServed } from './routes.ts';
import { expectAccepted, type ServerResponse } from './server-response.ts';
import type { ServerTarget, ServerUnderTest } from './server-under-test.ts';

/** The currency that each server was found to take deposits in. */
const depositable = new WeakMap<ServerTarget, CurrencyRow>();

/** A currency of `full` that can be deposited. */
export const findDepositable = async (server: ServerUnderTest): Promise<CurrencyRow> => {
  const known = depositable.get(server.target);
  if (known !== undefined) return known;
  const rows = await readCurrencies(server);
  const row = rows.find((each) => (each as { deposit_enabled?: unknown }).deposit_enabled === true);
  if (row === undefined) throw new NotApplicable('no currency is enabled for deposits');
  depositable.set(server.target, row);
  return row;
};

export interface DepositAddress {
  readonly request_id: number;
  readonly address: string;
  readonly user_identifier: string | null;
}

/** Calls for a deposit address of `full`, and returns the response, whatever it is. */
export const callForAddress = async (
  server: ServerUnderTest,
  changes: Readonly<Record<string, unknown>>,
): Promise<ServerResponse> => {
  const { currency, network } = await findDepositable(server);
  const response = await server.ask({
    method: 'POST',
    target: `/v1/deposit-addresses?nonce=${server.basis().nonce}`,
    body: Buffer.from(JSON.stringify({ currency, network, ...changes })),
  });
  assertServed(server, response, endpoints.createDepositAddress);
  return response;
};

/** Requests a deposit address of `full`. */
export const requestAddress = async (
  server: ServerUnderTest,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<DepositAddress> => {
  const response = await callForAddress(server, changes);
  expectAccepted(server.check, response);
  const { data } = response.json as { readonly data: DepositAddress };
  expectFields(server, 'depositAddress', data);
  return data;
};
