import { type Endpoint, endpoints } from '@cpg/protocol';
import { NotApplicable } from '../../core/checker.ts';
import type { Recipe } from '../../core/probes/index.ts';
import { readBalances } from '../balances.ts';
import { findDepositable, requestAddress } from '../deposits.ts';
import { expectFields, type FieldsOf } from '../fields.ts';
import { assertRoute, assertServed } from '../routes.ts';
import { expectAccepted, getHeader, type ServerResponse } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import { craftWithdrawal, expectWithdrawn } from '../withdrawals.ts';

const getData = (response: ServerResponse): unknown => (response.json as { readonly data: unknown }).data;

const askServed = async (
  server: ServerUnderTest,
  endpoint: Endpoint,
  recipe: Recipe,
): Promise<ServerResponse> => {
  const response = await server.ask(recipe);
  assertServed(server, response, endpoint);
  return response;
};

const list = async (server: ServerUnderTest, endpoint: Endpoint): Promise<ServerResponse> => {
  const target = `${endpoint.path}?nonce=${server.basis().nonce}`;
  const response = await askServed(server, endpoint, { target });
  expectAccepted(server.check, response);
  return response;
};

const ofRows = (endpoint: Endpoint, what: FieldsOf) => async (server: ServerUnderTest) => {
  const rows = getData(await list(server, endpoint));
  server.check.that(Array.isArray(rows), { what: 'data', expected: 'a list', actual: JSON.stringify(rows) });
  const all = rows as readonly unknown[];
  if (all.length === 0) throw new NotApplicable(`the account of the role full has no ${what}`);
  for (const row of all) expectFields(server, what, row);
};

/** The fields of each response, by type. */
export const CONTENT_CASES = [
  ...serverCases({ group: 'content', spec: '§3, §4' }, [
    {
      id: 'fields-balances',
      description: 'rows of GET /v1/balances have every field',
      spec: '§3, §4.1',
      run: ofRows(endpoints.listBalances, 'balance'),
    },
    {
      id: 'fields-currencies',
      description:
        'rows of GET /v1/currencies have every field, amounts with 18 places and percentages with 6',
      spec: '§3, §4.2',
      run: ofRows(endpoints.listCurrencies, 'currency'),
    },
    {
      id: 'fields-deposit-address',
      description: 'POST /v1/deposit-addresses responds with every field',
      spec: '§3, §4.3',
      run: async (server) => void (await requestAddress(server)),
    },
    {
      id: 'fields-deposit-request',
      description: 'GET /v1/deposit-requests/{id} responds with every field, and the same address',
      spec: '§3, §4.3',
      run: async (server) => {
        const { request_id: id, address } = await requestAddress(server);
        const target = `/v1/deposit-requests/${String(id)}?nonce=${server.basis().nonce}`;
        const response = await askServed(server, endpoints.getDepositRequest, { target });
        expectAccepted(server.check, response);
        const data = getData(response);
        expectFields(server, 'depositRequest', data);
        server.check.equal('address', {
          expected: String(address),
          actual: String((data as { readonly address: unknown }).address),
        });
      },
    },
    {
      id: 'fields-hot-wallet',
      description: 'GET /v1/hot-wallet-address responds with every field, the network in upper case',
      spec: '§3, §4.4',
      run: async (server) => {
        const { network } = await findDepositable(server);
        const target = `/v1/hot-wallet-address?network=${network.toLowerCase()}&nonce=${server.basis().nonce}`;
        const response = await askServed(server, endpoints.getHotWallet, { target });
        if (response.status === 404) throw new NotApplicable(`no hot wallet for ${network}`);
        expectAccepted(server.check, response);
        const data = getData(response);
        expectFields(server, 'hotWallet', data);
        server.check.equal('network', {
          expected: network.toUpperCase(),
          actual: String((data as { readonly network: unknown }).network),
        });
      },
    },
    {
      id: 'collections-not-paginated',
      description: 'balances and currencies have no next_cursor and no has_more',
      spec: '§3',
      run: async (server) => {
        await assertRoute(server, endpoints.listBalances);
        for (const endpoint of [endpoints.listBalances, endpoints.listCurrencies]) {
          const response = await server.ask({ target: `${endpoint.path}?nonce=${server.basis().nonce}` });
          if (response.status === 404) continue;
          expectAccepted(server.check, response);
          for (const name of ['next_cursor', 'has_more'])
            server.check.equal(`${name} of ${endpoint.path}`, {
              expected: 'absent',
              actual: Object.hasOwn(response.json as object, name) ? 'present' : 'absent',
            });
        }
      },
    },
    {
      id: 'date-header',
      description: 'every response has a Date, from which clients learn the offset of their clock',
      spec: '§3, §6.4',
      run: async (server) => {
        const unsigned = await server.ask({ headers: () => [] });
        const unknown = await server.ask({ target: `/v1/unknown?nonce=${server.basis().nonce}` });
        for (const response of [await server.ask(), unsigned, unknown]) {
          const date = getHeader(response, 'date') ?? '(no header)';
          server.check.that(/^[A-Z][a-z]{2}, .* GMT$/.test(date) && !Number.isNaN(Date.parse(date)), {
            what: `Date of a response with ${response.status}`,
            expected: 'an HTTP date',
            actual: date,
          });
        }
      },
    },
  ]),
  ...serverCases({ group: 'content', spec: '§3, §4.6', needs: ['withdrawal'] }, [
    {
      id: 'fields-withdrawal-created',
      description: 'POST /v1/withdrawals responds with every field',
      run: async (server) => {
        const { data } = expectWithdrawn(server, await server.send(craftWithdrawal(server)));
        expectFields(server, 'created', data);
      },
    },
    {
      id: 'fields-withdrawal',
      description: 'GET /v1/withdrawals/{id} responds with every field',
      run: async (server) => {
        await assertRoute(server, endpoints.getWithdrawal);
        const { id } = expectWithdrawn(server, await server.send(craftWithdrawal(server)));
        const response = await server.ask({ target: `/v1/withdrawals/${id}?nonce=${server.basis().nonce}` });
        expectAccepted(server.check, response);
        expectFields(server, 'withdrawal', getData(response));
      },
    },
    {
      id: 'fields-transactions',
      description:
        'rows of GET /v1/transactions have every field, and the list says whether there are further rows',
      spec: '§3, §4.5',
      run: async (server) => {
        await assertRoute(server, endpoints.listTransactions);
        expectWithdrawn(server, await server.send(craftWithdrawal(server)));
        const { json } = await list(server, endpoints.listTransactions);
        expectFields(server, 'page', json);
        await ofRows(endpoints.listTransactions, 'transaction')(server);
      },
    },
  ]),
];

/** Filters that match no row: they match whole names, and nothing in them is special. */
const getUnmatched = (name: string): readonly string[] => [
  name.slice(0, -1),
  name.slice(1),
  `${name}X`,
  '%25',
  `${name.slice(0, -1)}%25`,
  '_'.repeat(name.length),
  `_${name.slice(1)}`,
  '*',
  '.*',
  `${name},X`,
  `${name}|X`,
  `%20${name}`,
  `${name}%20`,
  `${name}+`,
  `${name}%09`,
  `${name}'--`,
  "'%20OR%20'1'='1",
  '0',
  'null',
];

/** Filters that a server may reject. */
const getSuspicious = (name: string): readonly string[] => [
  `${name}%00`,
  '%00',
  `${name}%0A`,
  '%ff',
  'A'.repeat(300),
];

/** Filters of `GET /v1/balances`. */
export const FILTER_CASES = serverCases({ group: 'balances', spec: '§4.1' }, [
  ...(['currency', 'network'] as const).map((name) => ({
    id: `balances-filter-exact-${name}`,
    description: `a ${name} is matched as a whole: no prefix, pattern, list or space around it`,
    run: async (server: ServerUnderTest) => {
      const [first] = await readBalances(server);
      if (first === undefined) throw new NotApplicable('the account of the role full has no balance');
      // Two keys of one account, where possible, since each has a limit.
      const isShared = (await readBalances(server, '', 'readonly')).some((row) => row[name] === first[name]);
      const roles = isShared ? (['full', 'readonly', 'readonly'] as const) : (['full'] as const);
      for (const [i, value] of getUnmatched(first[name]).entries())
        server.check.equal(`rows of ${name}=${value}`, {
          expected: 0,
          actual: (await readBalances(server, `${name}=${value}`, roles[i % roles.length])).length,
        });
    },
  })),
  {
    id: 'balances-filter-encoded',
    description: 'a filter is decoded once: escapes stand for characters, and an escaped % for itself',
    run: async (server) => {
      const [first] = await readBalances(server);
      if (first === undefined) throw new NotApplicable('the account of the role full has no balance');
      const escaped = [...first.currency].map((each) => `%${each.charCodeAt(0).toString(16)}`).join('');
      const count = async (query: string) => (await readBalances(server, query)).length;
      server.check.equal(`rows of currency=${escaped}`, {
        expected: await count(`currency=${first.currency}`),
        actual: await count(`currency=${escaped}`),
      });
      const twice = escaped.replaceAll('%', '%25');
      server.check.equal(`rows of currency=${twice}`, {
        expected: 0,
        actual: await count(`currency=${twice}`),
      });
    },
  },
  {
    id: 'balances-filter-folding',
    description: 'only A–Z have a case: ſ is no S, and the Kelvin sign no K',
    spec: '§4',
    run: async (server) => {
      const rows = await readBalances(server, '', 'other');
      const names = [...new Set(rows.map(({ currency }) => currency))].filter((name) => /[SK]/.test(name));
      if (names.length === 0) throw new NotApplicable('no balance of a currency with an S or a K');
      for (const name of names.slice(0, 3)) {
        const other = encodeURIComponent(name.replaceAll('S', '\u017f').replaceAll('K', '\u212a'));
        server.check.equal(`rows of currency=${other}`, {
          expected: 0,
          actual: (await readBalances(server, `currency=${other}`, 'other')).length,
        });
      }
    },
  },
  {
    id: 'balances-filter-suspicious',
    description: 'NUL, line ends, bytes that are no UTF-8 and long texts in a filter: no row, or a rejection',
    run: async (server) => {
      const [first] = await readBalances(server);
      if (first === undefined) throw new NotApplicable('the account of the role full has no balance');
      for (const value of getSuspicious(first.currency)) {
        const target = `/v1/balances?currency=${value}&nonce=${server.basis().nonce}`;
        const { status, json, text } = await server.ask({ target }, server.basis('other'));
        const rows = (json as { readonly data?: readonly unknown[] } | undefined)?.data;
        server.check.that((status === 200 && rows?.length === 0) || (status >= 400 && status < 500), {
          what: `response to currency=${value.slice(0, 20)}`,
          expected: '200 without rows, or 4xx',
          actual: `${status} ${text}`,
        });
      }
    },
  },
]);
