import { z } from 'zod';
import { depositAddress } from '../endpoints/create-deposit-address.ts';
import { createdWithdrawal } from '../endpoints/create-withdrawal.ts';
import { depositRequest, depositTransaction } from '../endpoints/get-deposit-request.ts';
import { hotWallet } from '../endpoints/get-hot-wallet.ts';
import { withdrawal } from '../endpoints/get-withdrawal.ts';
import * as endpoints from '../endpoints/index.ts';
import { balance } from '../endpoints/list-balances.ts';
import { currency } from '../endpoints/list-currencies.ts';
import { transaction } from '../endpoints/list-transactions.ts';
import { depositEventData } from '../webhooks/deposit-event.ts';
import { WEBHOOK_EVENTS } from '../webhooks/webhook-event.ts';
import { withdrawalEventData } from '../webhooks/withdrawal-event.ts';
import { type JsonObject, toSchemas } from './json-schema.ts';

const errorEnvelope = z.object({ success: z.literal(false), message: z.string() });

const pascalCase = (name: string): string =>
  name.replace(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Names of components, derived from the names of endpoints and events. */
export const bodyName = (operationId: string): string => `${pascalCase(operationId)}Body`;
export const responseName = (operationId: string): string => `${pascalCase(operationId)}Response`;
export const eventName = (event: string): string => `${pascalCase(event)}Event`;

const BODIES: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  Object.entries(endpoints).flatMap(([id, { body }]) => (body === null ? [] : [[bodyName(id), body]])),
);

const ANSWERS: Readonly<Record<string, z.ZodType>> = {
  Balance: balance,
  CreatedWithdrawal: createdWithdrawal,
  Currency: currency,
  DepositAddress: depositAddress,
  DepositEventData: depositEventData,
  DepositRequest: depositRequest,
  DepositTransaction: depositTransaction,
  Error: errorEnvelope,
  HotWallet: hotWallet,
  Transaction: transaction,
  Withdrawal: withdrawal,
  WithdrawalEventData: withdrawalEventData,
  ...Object.fromEntries(Object.entries(endpoints).map(([id, { response }]) => [responseName(id), response])),
  ...Object.fromEntries(Object.entries(WEBHOOK_EVENTS).map(([name, schema]) => [eventName(name), schema])),
};

/** Every named schema of the document, in the order of their names. */
export const componentSchemas = (): JsonObject => {
  const schemas = { ...toSchemas(BODIES, 'input'), ...toSchemas(ANSWERS, 'output') };
  return Object.fromEntries(Object.entries(schemas).toSorted(([left], [right]) => (left < right ? -1 : 1)));
};
