import { endpoints } from '@cpg/protocol';
import { NotApplicable } from '../../core/checker.ts';
import { expectInvalidField } from '../fields.ts';
import { assertServed } from '../routes.ts';
import { expectAccepted, type ServerResponse } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import type { Role } from '../test-keys.ts';
import { getTerms, withdraw } from '../withdrawals.ts';

interface Row {
  readonly id: number;
  readonly direction: string;
  readonly currency: string;
  readonly network: string;
}

interface Page {
  readonly data: readonly Row[];
  readonly data_count: number;
  readonly next_cursor: number | null;
  readonly has_more: boolean;
}

const MAX_LIMIT = 200;

const ask = async (server: ServerUnderTest, query: string, role: Role): Promise<ServerResponse> => {
  const basis = server.basis(role);
  const response = await server.ask({ target: `/v1/transactions?${query}&nonce=${basis.nonce}` }, basis);
  assertServed(server, response, endpoints.listTransactions);
  return response;
};

const readPage = async (server: ServerUnderTest, query: string, role: Role = 'full'): Promise<Page> => {
  const response = await ask(server, query, role);
  expectAccepted(server.check, response);
  const page = response.json as Page;
  server.check.equal('data_count', { expected: page.data.length, actual: page.data_count });
  return page;
};

const getIds = ({ data }: Page): readonly number[] => data.map(({ id }) => id);

/** A page of a few rows that no later row joins: withdrawals are made when there are none. */
const readSome = async (
  server: ServerUnderTest,
): Promise<{ readonly page: Page; readonly above: number }> => {
  let page = await readPage(server, `limit=${MAX_LIMIT}`);
  const missing = Math.max(0, 3 - page.data.length);
  for (let i = 0; i < missing; i++) await withdraw(server);
  if (missing > 0) page = await readPage(server, `limit=${MAX_LIMIT}`);
  const [first] = getIds(page);
  if (first === undefined || page.data.length < 3)
    throw new NotApplicable('a withdrawal is no transaction at once');
  return { page, above: first + 1 };
};

/** The list of transactions. */
export const TRANSACTION_CASES = serverCases({ group: 'transactions', spec: '§4.5', needs: ['withdrawal'] }, [
  {
    id: 'transactions-order',
    description: 'the rows are the newest first',
    run: async (server) => {
      const { page } = await readSome(server);
      const ids = getIds(page);
      server.check.equal('ids', {
        expected: ids.toSorted((left, right) => right - left).join(),
        actual: ids.join(),
      });
    },
  },
  {
    id: 'transactions-pages',
    description:
      'pages of 2 rows: each goes on below its cursor, next_cursor is the id of the last row, and no row is left out',
    run: async (server) => {
      const { page, above } = await readSome(server);
      const expected = getIds(page).slice(0, 5);
      const seen: number[] = [];
      let cursor: number | null = above;
      while (cursor !== null && seen.length < expected.length) {
        const next: Page = await readPage(server, `limit=2&cursor=${cursor}`);
        seen.push(...getIds(next));
        server.check.that(next.data.length <= 2, {
          what: 'rows of a page',
          expected: '2 at most',
          actual: String(next.data.length),
        });
        server.check.equal('next_cursor', {
          expected: String(next.has_more ? next.data.at(-1)?.id : null),
          actual: String(next.next_cursor),
        });
        cursor = next.next_cursor;
      }
      server.check.equal('ids over all pages', {
        expected: expected.join(),
        actual: seen.slice(0, expected.length).join(),
      });
    },
  },
  {
    id: 'transactions-last-page',
    description: 'the last page has no next_cursor, also when it is exactly full; the page before it has one',
    run: async (server) => {
      const { page, above } = await readSome(server);
      if (page.has_more) throw new NotApplicable(`there are more than ${MAX_LIMIT} transactions`);
      const count = page.data.length;
      const describe = ({ data, has_more: hasMore, next_cursor: cursor }: Page) =>
        `${data.length} rows, has_more ${hasMore}, next_cursor ${cursor}`;
      for (const limit of [Math.min(count + 1, MAX_LIMIT), count])
        server.check.equal(`page of limit ${limit}, of ${count}`, {
          expected: `${count} rows, has_more false, next_cursor null`,
          actual: describe(await readPage(server, `limit=${limit}&cursor=${above}`)),
        });
      server.check.equal(`page of limit ${count - 1}, of ${count}`, {
        expected: `${count - 1} rows, has_more true, next_cursor ${page.data.at(-2)?.id}`,
        actual: describe(await readPage(server, `limit=${count - 1}&cursor=${above}`)),
      });
    },
  },
  {
    id: 'transactions-limit',
    description: 'a limit from 1 to 200 is respected; 0, 201 and texts that are no integer are 422',
    run: async (server) => {
      await readSome(server);
      server.check.equal('rows of limit=1', {
        expected: 1,
        actual: (await readPage(server, 'limit=1', 'full')).data.length,
      });
      for (const limit of ['0', '201', '-1', '1.5', 'x', '1e2'])
        expectInvalidField(server, await ask(server, `limit=${limit}`, 'other'), `limit`);
    },
  },
  {
    id: 'transactions-direction',
    description: 'direction selects the rows; an unknown one is 422',
    run: async (server) => {
      await readSome(server);
      for (const direction of ['withdrawal', 'deposit']) {
        const { data } = await readPage(server, `direction=${direction}&limit=${MAX_LIMIT}`);
        const others = data.filter((row) => row.direction !== direction);
        server.check.equal(`rows of direction=${direction} with another one`, {
          expected: 0,
          actual: others.length,
        });
        if (direction === 'withdrawal')
          server.check.that(data.length > 0, { what: 'withdrawals', expected: 'some', actual: 'none' });
      }
      expectInvalidField(server, await ask(server, 'direction=sideways', 'other'), 'direction');
    },
  },
  {
    id: 'transactions-filter',
    description: 'currency and network select the rows, in any case',
    run: async (server) => {
      await readSome(server);
      const { currency, network } = getTerms(server);
      for (const query of [
        `currency=${currency}`,
        `network=${network.toLowerCase()}`,
        `currency=${currency.toLowerCase()}&network=${network}`,
      ]) {
        const { data } = await readPage(server, `${query}&limit=${MAX_LIMIT}`);
        const isWanted = (row: Row) =>
          (!query.includes('currency') || row.currency === currency) &&
          (!query.includes('network') || row.network === network);
        server.check.that(data.length > 0 && data.every(isWanted), {
          what: `rows of ${query}`,
          expected: `some, all of ${currency} on ${network}`,
          actual: data.map((row) => `${row.currency} on ${row.network}`).join(', ') || 'none',
        });
      }
      const { data } = await readPage(server, 'currency=NOSUCHCOIN');
      server.check.equal('rows of currency=NOSUCHCOIN', { expected: 0, actual: data.length });
    },
  },
  {
    id: 'transactions-of-account',
    description: 'no row of one account is in the list of another',
    spec: '§4, §4.5',
    run: async (server) => {
      const own = new Set(getIds((await readSome(server)).page));
      const { data } = await readPage(server, `limit=${MAX_LIMIT}`, 'other');
      server.check.equal('rows that both accounts have', {
        expected: 'none',
        actual:
          data
            .filter(({ id }) => own.has(id))
            .map(({ id }) => id)
            .join() || 'none',
      });
    },
  },
]);
