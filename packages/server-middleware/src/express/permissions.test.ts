import { defineEndpoint, endpoints, NO_PARAMETERS, PERMISSIONS, type Permission } from '@cpg/protocol';
import { exchange } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  NOW,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { type KeyStore, staticKeys } from '../keys/key-store.ts';
import { getPrincipal } from '../service/permission.ts';
import { cpgAuth } from './cpg-auth.ts';
import { errorHandler } from './error-handler.ts';
import { requirePermission } from './require-permission.ts';
import { type Route, route, routes } from './routes.ts';

/** Method, target and required permission, copied from the table in wire protocol §4. */
const TABLE: readonly (readonly [method: string, target: string, permission: Permission | null])[] = [
  ['GET', '/v1/_ping', null],
  ['GET', '/v1/balances', 'read_balance'],
  ['GET', '/v1/currencies', 'list_currencies'],
  ['POST', '/v1/deposit-addresses', 'request_deposit_address'],
  ['GET', '/v1/deposit-requests/7', 'read_deposit_status'],
  ['GET', '/v1/hot-wallet-address', 'request_withdrawal_funding_address'],
  ['GET', '/v1/transactions', 'list_transactions'],
  ['POST', '/v1/withdrawals', 'withdraw'],
  ['GET', '/v1/withdrawals/7', 'read_withdrawal_status'],
];

const clock = () => NOW * 1000;
const keys = staticKeys(
  PERMISSIONS.map((permission) => testKey({ keyId: permission, permissions: [permission] })),
);

describe.each(EXPRESS_VERSIONS)('permissions on %s', (_name, express) => {
  describe('8 permissions × 9 routes', () => {
    it.each(PERMISSIONS)('%s opens its route and _ping, no other', async (permission) => {
      const handled: string[] = [];
      const list = Object.values(endpoints).map((endpoint) => {
        const handler = () => {
          handled.push(endpoint.name);
          return null;
        };
        return route(endpoint, handler as never) as Route;
      });
      const app = express();
      app.use('/v1', cpgAuth({ keys, store: memoryStore({ clock }), clock }), routes(list));
      const port = await serve(app);
      const rejected: (string | undefined)[] = [];
      for (const [method, target] of TABLE) {
        const response = await exchange(port, signedRequest({ method, target, keyId: permission }));
        // 422 comes after the permission: these requests carry no body and no query.
        if (response.status === 403) rejected.push(JSON.parse(response.body).message);
        else expect([200, 422]).toContain(response.status);
      }
      expect(rejected).toEqual(
        TABLE.filter(([, , needed]) => needed !== null && needed !== permission).map(
          ([, , needed]) => `API key lacks the required permission: ${needed}`,
        ),
      );
      expect(handled).toContain('ping');
    });
  });

  describe('requirePermission', () => {
    const start = async (withAuth = true) => {
      const logger = recordingLogger();
      const app = express();
      if (withAuth) app.use('/v1', cpgAuth({ keys, store: memoryStore({ clock }), clock }));
      app.post('/v1/withdrawals', requirePermission('withdraw'), (request, response) => {
        response.json(request.body);
      });
      app.use(errorHandler({ logger }));
      return { port: await serve(app), logger };
    };
    const post = (keyId: string, body: string) =>
      signedRequest({ method: 'POST', target: '/v1/withdrawals', keyId, body });

    it('checks the permission before the body', async () => {
      const { port } = await start();
      expect((await exchange(port, post('read_balance', '{'))).body).toBe(
        '{"success":false,"message":"API key lacks the required permission: withdraw"}',
      );
      expect((await exchange(port, post('withdraw', '{'))).body).toBe(
        '{"success":false,"message":"Malformed JSON body"}',
      );
      expect((await exchange(port, post('withdraw', '{"a":1}'))).body).toBe('{"a":1}');
    });

    it('admits no request without cpgAuth', async () => {
      const { port, logger } = await start(false);
      expect((await exchange(port, post('withdraw', '{}'))).status).toBe(500);
      expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['authentication_missing']);
    });

    it('is not needed for getPrincipal, which returns the sender behind cpgAuth only', async () => {
      const logger = recordingLogger();
      const app = express();
      app.use('/v1', cpgAuth({ keys, store: memoryStore({ clock }), clock }));
      app.use((request, response) => {
        response.json(getPrincipal(request).keyId);
      });
      app.use(errorHandler({ logger }));
      const port = await serve(app);
      expect((await exchange(port, signedRequest({ keyId: 'withdraw' }))).body).toBe('"withdraw"');
      expect((await exchange(port, signedRequest({ target: '/public' }))).status).toBe(500);
      expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['authentication_missing']);
    });

    it('rejects a misspelt permission, when it is compiled and when it runs', () => {
      expect(() => {
        // @ts-expect-error neither a permission of CPG nor an own one
        requirePermission('withdrw');
      }).toThrow(
        'requirePermission: permission must be "withdraw", or, if it is a permission of your own API, have a colon, e.g. "own:withdrw": got "withdrw".',
      );
    });
  });

  describe("a service's own permissions", () => {
    const own = testKey({ keyId: 'own', permissions: ['invoices:write', 'withdraw'] });
    const stores: readonly (readonly [string, KeyStore])[] = [
      ['staticKeys', staticKeys([own, testKey({ keyId: 'none', permissions: [] })])],
      [
        'a key store',
        { find: (keyId) => ({ ...own, keyId, permissions: keyId === 'own' ? own.permissions : [] }) },
      ],
    ];
    const createInvoice = defineEndpoint({
      name: 'invoices.create',
      summary: 'Create an invoice',
      method: 'PUT',
      path: '/v1/invoices/{invoiceId}',
      permission: 'invoices:write',
      pathParameters: z.object({ invoiceId: z.string() }),
      query: NO_PARAMETERS,
      body: z.strictObject({ total: z.string() }),
      response: z.object({ success: z.literal(true), message: z.string(), data: z.string() }),
    });

    it.each(stores)('open requirePermission and own endpoints, from %s', async (_what, keyStore) => {
      const app = express();
      app.use('/v1', cpgAuth({ keys: keyStore, store: memoryStore({ clock }), clock }));
      app.delete('/v1/invoices/7', requirePermission('invoices:write'), (request, response) => {
        response.json(request.cpg?.permissions);
      });
      const invoice = route(createInvoice, ({ pathParameters, body, cpg }) =>
        [pathParameters.invoiceId, body.total, cpg.permissions].join(),
      );
      app.use(routes([invoice]));
      const port = await serve(app);
      const send = async (method: string, keyId: string, body = '') => {
        const parts = { method, target: '/v1/invoices/7', keyId, body };
        const response = await exchange(port, signedRequest(parts));
        return [response.status, JSON.parse(response.body)];
      };
      const missing = { success: false, message: 'API key lacks the required permission: invoices:write' };
      expect(await send('DELETE', 'own')).toEqual([200, ['invoices:write', 'withdraw']]);
      expect(await send('DELETE', 'none')).toEqual([403, missing]);
      const created = { success: true, message: 'OK', data: '7,1.5,invoices:write,withdraw' };
      expect(await send('PUT', 'own', '{"total":"1.5"}')).toEqual([200, created]);
      expect(await send('PUT', 'none', '{"total":"1.5"}')).toEqual([403, missing]);
    });
  });
});
