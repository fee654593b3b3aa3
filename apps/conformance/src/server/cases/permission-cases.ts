import { type Endpoint, endpoints } from '@cpg/protocol';
import { NotApplicable } from '../../core/checker.ts';
import { createPermissionRejection, REJECTIONS } from '../../core/rejections.ts';
import { assertRoute, ENDPOINTS, recipeFor } from '../routes.ts';
import { expectAccepted, expectPermitted, expectRejected, getHeader } from '../server-response.ts';
import { type ServerCase, type ServerUnderTest, serverCases } from '../server-under-test.ts';
import { SINGLE_PERMISSIONS, type SinglePermission } from '../test-keys.ts';

const slug = ({ name }: Endpoint): string => name.toLowerCase().replace(/[^a-z]+/g, '-');

const ofEndpoint = (endpoint: Endpoint): Parameters<typeof serverCases>[1] => {
  const { permission } = endpoint;
  const id = slug(endpoint);
  const route = `${endpoint.method} ${endpoint.path}`;
  const readonlyAllowed = permission === null || permission === 'read_balance';
  const forbid = (role: 'noperm' | 'readonly') => async (server: ServerUnderTest) => {
    await assertRoute(server, endpoint);
    const response = await server.ask(recipeFor(server, endpoint), server.basis(role));
    if (permission === null || (role === 'readonly' && readonlyAllowed))
      expectAccepted(server.check, response);
    else expectRejected(server.check, response, createPermissionRejection(permission));
  };
  return [
    {
      id: `permission-full-${id}`,
      description: `${route} with a key of every permission`,
      run: async (server) => {
        await assertRoute(server, endpoint);
        expectPermitted(server.check, await server.ask(recipeFor(server, endpoint)));
      },
    },
    {
      id: `permission-none-${id}`,
      description: `${route} with a key of no permission`,
      run: forbid('noperm'),
    },
    {
      id: `permission-readonly-${id}`,
      description: `${route} with a key of read_balance only`,
      run: forbid('readonly'),
    },
  ];
};

/** Paths that a framework may route to `GET /v1/balances`. */
const OTHER_SPELLINGS = [
  '/v1/balances/',
  '/v1//balances',
  '/v1/./balances',
  '/v1/_ping/../balances',
  '/v1/%2e/balances',
  '/v1/_ping/%2e%2e/balances',
  '/v1/%62alances',
  '/v1/balances%2f',
  '/v1/balances%20',
  '/V1/balances',
  '/v1/Balances',
  '/v1/balances;a=1',
  '/v1/balances.json',
  '/v1/_ping/balances',
] as const;

/** One permission per route, for every route of the wire protocol. */
export const PERMISSION_CASES: readonly ServerCase[] = [
  ...serverCases({ group: 'permission', spec: '§2 restriction 5, §4' }, ENDPOINTS.flatMap(ofEndpoint)),
  ...serverCases({ group: 'permission', spec: '§2.1' }, [
    {
      id: 'permission-before-id',
      description: 'without the permission, ids that do not exist and ids that are none are 403',
      run: async (server) => {
        for (const [endpoint, path] of [
          [endpoints.getWithdrawal, 'withdrawals'],
          [endpoints.getDepositRequest, 'deposit-requests'],
        ] as const) {
          if (endpoint === endpoints.getWithdrawal) await assertRoute(server, endpoint);
          for (const id of ['1', '999999999999', '0', 'abc']) {
            const basis = server.basis('readonly');
            const response = await server.ask({ target: `/v1/${path}/${id}?nonce=${basis.nonce}` }, basis);
            if (endpoint === endpoints.getDepositRequest && response.status === 404 && id === '1') break;
            expectRejected(server.check, response, createPermissionRejection(endpoint.permission ?? ''));
          }
        }
      },
    },
  ]),
  ...serverCases({ group: 'permission', spec: '§2 restriction 5' }, [
    {
      id: 'permission-other-spellings',
      description:
        'without the permission, no other spelling of a path is served: trailing slash, doubled slash, dots, escapes, capitals, parameters, suffix',
      run: async (server) => {
        await assertRoute(server, endpoints.listBalances);
        for (const path of OTHER_SPELLINGS) {
          const basis = server.basis('noperm');
          const response = await server.ask({ target: `${path}?nonce=${basis.nonce}` }, basis);
          server.check.that(response.status === 403 || response.status === 404, {
            what: `response to ${path}`,
            expected: '403 or 404',
            actual: `${response.status} ${response.text}`,
          });
        }
      },
    },
  ]),
  ...serverCases({ group: 'routes', spec: '§3' }, [
    {
      id: 'ping-data',
      description: 'GET /v1/_ping responds with {"pong": true} and nothing else',
      spec: '§4',
      run: async (server) => {
        const response = await server.ask();
        expectAccepted(server.check, response);
        const { data } = response.json as { readonly data: unknown };
        server.check.equal('data', { expected: '{"pong":true}', actual: JSON.stringify(data) });
      },
    },
    {
      id: 'route-unknown',
      description: 'an unknown route',
      run: async (server) => {
        const response = await server.ask({ target: `/v1/unknown?nonce=${server.basis().nonce}` });
        expectRejected(server.check, response, REJECTIONS.notFound);
      },
    },
    {
      id: 'route-unknown-unsigned',
      description: 'an unknown route without authentication is rejected like a known one',
      run: async (server) => {
        const response = await server.ask({ target: '/v1/unknown', headers: () => [] });
        expectRejected(server.check, response, REJECTIONS.missingHeaders);
      },
    },
    {
      id: 'route-other-method',
      description: 'a known path with another method: 405 with Allow',
      run: async (server) => {
        await assertRoute(server, endpoints.listBalances);
        const target = `/v1/balances?nonce=${server.basis().nonce}`;
        const response = await server.ask({ method: 'PUT', target, body: Buffer.from('{}') });
        expectRejected(server.check, response, REJECTIONS.methodNotAllowed);
        const allowed = (getHeader(response, 'allow') ?? '').split(/, */);
        server.check.that(allowed.includes('GET'), {
          what: 'Allow',
          expected: 'GET among the methods',
          actual: getHeader(response, 'allow') ?? '(no header)',
        });
      },
    },
    {
      id: 'route-other-method-unsigned',
      description: 'another method without authentication',
      run: async (server) => {
        const response = await server.ask({ method: 'DELETE', target: '/v1/balances', headers: () => [] });
        expectRejected(server.check, response, REJECTIONS.missingHeaders);
      },
    },
  ]),
];

/** The routes that the server serves, which may be a part of the API. */
const servedBy = async (server: ServerUnderTest) => {
  const served: (typeof ENDPOINTS)[number][] = [];
  for (const endpoint of ENDPOINTS) {
    try {
      await assertRoute(server, endpoint);
      served.push(endpoint);
    } catch (error) {
      if (!(error instanceof NotApplicable)) throw error;
    }
  }
  return served;
};

/** Tries a key of one permission on every route. */
const tryEverywhere = async (server: ServerUnderTest, own: SinglePermission): Promise<void> => {
  const key = server.target.keys.only?.[own];
  if (key === undefined) throw new NotApplicable('needs: only');
  for (const endpoint of await servedBy(server)) {
    const response = await server.ask(recipeFor(server, endpoint), server.basisFor(key));
    const { permission } = endpoint;
    if (permission !== null && permission !== own)
      expectRejected(server.check, response, createPermissionRejection(permission));
    else expectPermitted(server.check, response, `permission for ${endpoint.method} ${endpoint.path}`);
  }
};

/** A permission grants access to its own route only. */
export const SINGLE_PERMISSION_CASES = serverCases(
  { group: 'permission', spec: '§2 restriction 5, §4', needs: ['only'] },
  SINGLE_PERMISSIONS.map((permission) => ({
    id: `permission-only-${permission.replaceAll('_', '-')}`,
    description: `a key of ${permission} only, on every route: its own and _ping, and no other`,
    run: (server: ServerUnderTest) => tryEverywhere(server, permission),
  })),
);
