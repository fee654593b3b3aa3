import * as z from 'zod/v4';
import { depositAddress } from '../endpoints/create-deposit-address.ts';
import { createdWithdrawal } from '../endpoints/create-withdrawal.ts';
import { depositRequest, depositTransaction } from '../endpoints/get-deposit-request.ts';
import { hotWallet } from '../endpoints/get-hot-wallet.ts';
import { withdrawal } from '../endpoints/get-withdrawal.ts';
import * as endpoints from '../endpoints/index.ts';
import { balance } from '../endpoints/list-balances.ts';
import { currency } from '../endpoints/list-currencies.ts';
import { transaction } from '../endpoints/list-transactions.ts';
import type { Schema } from '../endpoints/schema.ts';
import { depositEventData, WEBHOOK_EVENTS, withdrawalEventData } from '../webhooks/events.ts';

/** An object of the document. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A reference to a component. */
export const reference = (kind: 'schemas' | 'parameters' | 'headers' | 'responses', name: string) => ({
  $ref: `#/components/${kind}/${name}`,
});

type Override = NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override'];

const tidy: Override = ({ zodSchema, jsonSchema }) => {
  // zod omits the default of a transformed input, although defaults are not transformed.
  const { def } = zodSchema._zod;
  if (def.type === 'default') jsonSchema.default = def.defaultValue as number;
  // A schema that states its type on the wire replaces the union that JavaScript callers may pass.
  if (jsonSchema.type !== undefined) delete jsonSchema.anyOf;
  // The integer limits of JavaScript are not limits of the protocol.
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
};

/** The JSON Schemas of named zod schemas, with references by name. */
const toSchemas = (named: Readonly<Record<string, Schema>>, io: 'input' | 'output'): JsonObject => {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const uri = (id: string) => reference('schemas', id).$ref;
  const { schemas } = z.toJSONSchema(registry, { io, uri, unrepresentable: 'any', override: tidy });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [id, schema]));
};

/** The JSON Schema of an input. */
export const toInputSchema = (schema: Schema): JsonObject =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override: tidy });

const errorEnvelope = z.object({ success: z.literal(false), message: z.string() });

const pascalCase = (name: string): string =>
  name.replace(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Names of components, derived from the names of endpoints and events. */
export const bodyName = (operationId: string): string => `${pascalCase(operationId)}Body`;
export const responseName = (operationId: string): string => `${pascalCase(operationId)}Response`;
export const eventName = (event: string): string => `${pascalCase(event)}Event`;

const BODIES: Readonly<Record<string, Schema>> = Object.fromEntries(
  Object.entries(endpoints).flatMap(([id, { body }]) => (body === null ? [] : [[bodyName(id), body]])),
);

const RESPONSES: Readonly<Record<string, Schema>> = {
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

/** Every named schema of the document, sorted by name. */
export const componentSchemas = (): JsonObject => {
  const schemas = { ...toSchemas(BODIES, 'input'), ...toSchemas(RESPONSES, 'output') };
  return Object.fromEntries(Object.entries(schemas).toSorted(([left], [right]) => (left < right ? -1 : 1)));
};
