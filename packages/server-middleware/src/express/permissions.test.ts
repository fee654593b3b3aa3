import { endpoints, PERMISSIONS, type Permission } from '@cpg/protocol';
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
import { memoryStore } from '../admission/memory/memory-store.ts';
import { staticKeys } from '../keys/key-store.ts';
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

    it('knows no other permission', () => {
      expect(() => requirePermission('admin' as Permission)).toThrow(
        'Permission must be one of read_balance, list_currencies, request_deposit_address, read_deposit_status, request_withdrawal_funding_address, list_transactions, withdraw, read_withdrawal_status: got "admin".',
      );
    });
  });
});
