import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as endpoints from '../endpoints/index.ts';
import { openApiDocument, openApiText } from './openapi-document.ts';

const committed = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8');

interface Parameter {
  readonly name: string;
  readonly required: boolean;
  readonly schema: unknown;
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, unknown>> }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly webhooks: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}
const document = openApiDocument() as unknown as Document;

const lint = async (text: string) => {
  const problems = await lintFromString({
    source: text,
    absoluteRef: 'openapi.json',
    config: await createConfig({ extends: ['recommended-strict'] }),
  });
  return problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`);
};

describe('openapi.json', () => {
  it('matches the endpoint definitions: generate it again with scripts/write-openapi.ts', () => {
    expect(committed === openApiText()).toBe(true);
  });

  it('passes the linter', async () => {
    expect(await lint(committed)).toEqual([]);
  });

  it('is linted by a linter that finds problems', async () => {
    const broken = committed.replace('"operationId": "ping"', '"operationId": "listBalances"');
    expect(await lint(broken)).toEqual([expect.stringMatching(/^operation-operationId-unique /)]);
  });
});

describe('openApiDocument', () => {
  it('has the nine endpoints', () => {
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(
        ([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`,
      ),
    );
    expect(operations.toSorted()).toEqual([
      'GET /v1/_ping ping',
      'GET /v1/balances listBalances',
      'GET /v1/currencies listCurrencies',
      'GET /v1/deposit-requests/{request_id} getDepositRequest',
      'GET /v1/hot-wallet-address getHotWallet',
      'GET /v1/transactions listTransactions',
      'GET /v1/withdrawals/{withdrawal_id} getWithdrawal',
      'POST /v1/deposit-addresses createDepositAddress',
      'POST /v1/withdrawals createWithdrawal',
    ]);
  });

  it('has the six webhooks', () => {
    expect(Object.keys(document.webhooks)).toEqual([
      'deposit.detected',
      'deposit.confirmed',
      'deposit.swept',
      'withdrawal.broadcasted',
      'withdrawal.confirmed',
      'withdrawal.failed',
    ]);
  });

  it('shows parameters as they stand on the wire', () => {
    expect(document.paths['/v1/transactions']?.get?.parameters).toEqual([
      {
        name: 'direction',
        in: 'query',
        required: false,
        schema: { type: 'string', enum: ['deposit', 'withdrawal', 'sweep', 'gas_topup'] },
      },
      {
        name: 'currency',
        in: 'query',
        required: false,
        schema: { type: 'string', minLength: 0, maxLength: 256 },
      },
      {
        name: 'network',
        in: 'query',
        required: false,
        schema: { type: 'string', minLength: 0, maxLength: 256 },
      },
      {
        name: 'status',
        in: 'query',
        required: false,
        schema: { type: 'string', minLength: 0, maxLength: 256 },
      },
      {
        name: 'cursor',
        in: 'query',
        required: false,
        schema: { type: 'integer', format: 'int64', minimum: 1 },
      },
      {
        name: 'limit',
        in: 'query',
        required: false,
        schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
      },
    ]);
  });

  it('shows the rejections of an endpoint with their messages', () => {
    expect(document.paths['/v1/withdrawals']?.post?.responses['409']?.content['application/json']).toEqual({
      schema: { $ref: '#/components/schemas/Error' },
      examples: {
        client_reference_conflict: {
          value: {
            success: false,
            message: 'client_reference was already used with different parameters',
          },
        },
      },
    });
    expect(Object.keys(document.paths['/v1/_ping']?.get?.responses ?? {})).toEqual(
      '200 400 401 403 408 413 415 422 429 500 503'.split(' '),
    );
  });

  it('shows amounts as decimal strings, and allows the additions of a later version', () => {
    const decimal = { type: 'string', pattern: '^-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?$' };
    expect(document.components.schemas.Balance).toEqual({
      type: 'object',
      properties: {
        currency: { type: 'string' },
        network: { type: 'string' },
        balance: decimal,
        held: decimal,
        available: decimal,
      },
      required: ['currency', 'network', 'balance', 'held', 'available'],
      additionalProperties: {},
    });
    expect(document.components.schemas.CreateWithdrawalBody).toMatchObject({
      additionalProperties: false,
    });
    expect(document.components.schemas.Withdrawal).toMatchObject({
      properties: { status: { 'x-extensible-enum': ['pending', 'broadcasted', 'confirmed', 'failed'] } },
    });
  });

  it('reads responses as the definitions do', () => {
    const schema = document.components.schemas.HotWallet as Parameters<typeof z.fromJSONSchema>[0];
    const response = { network: 'ETH', address: '0xabc', later: 1 };
    expect(z.fromJSONSchema(schema).parse(response)).toEqual(response);
    expect(Object.keys(endpoints)).toHaveLength(9);
  });
});
