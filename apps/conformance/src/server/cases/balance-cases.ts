import { endpoints } from '@cpg/protocol';
import { NotApplicable } from '../../core/checker.ts';
import { type BalanceRow, DECIMAL, ExactDecimal, readBalances, readCurrencies } from '../balances.ts';
import { assertRoute } from '../routes.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';

/** Every balance of `full`, and the first of them. Not applicable without any. */
const someBalances = async (
  server: ServerUnderTest,
): Promise<{ readonly rows: readonly BalanceRow[]; readonly first: BalanceRow }> => {
  const rows = await readBalances(server);
  const [first] = rows;
  if (first === undefined) throw new NotApplicable('the account of the role full has no balance');
  return { rows, first };
};

// The amounts may move meanwhile.
const format = (rows: readonly BalanceRow[]): string =>
  rows.map(({ currency, network }) => `${currency} on ${network}`).join(', ') || 'none';

const countPlaces = (text: string): number => text.split('.')[1]?.length ?? 0;

/** The form of the balances. */
export const BALANCE_CASES = serverCases({ group: 'balances', spec: '§4.1' }, [
  {
    id: 'balances-decimals',
    description: 'every amount is a plain decimal string, and available is balance less held, exactly',
    spec: '§3, §4.1',
    run: async (server) => {
      const { rows } = await someBalances(server);
      for (const row of rows) {
        for (const name of ['balance', 'held', 'available'] as const)
          server.check.that(typeof row[name] === 'string' && DECIMAL.test(row[name]), {
            what: `${name} of ${row.currency} on ${row.network}`,
            expected: 'a string such as "1300.000000"',
            actual: JSON.stringify(row[name]),
          });
        const left = new ExactDecimal(row.balance).minus(row.held).toFixed(countPlaces(row.available));
        server.check.equal(`available of ${row.currency} on ${row.network}`, {
          expected: left,
          actual: row.available,
        });
      }
    },
  },
  {
    id: 'balances-precision',
    description: 'amounts have all decimals of their currency',
    spec: '§3, §4.1',
    run: async (server) => {
      const { rows } = await someBalances(server);
      for (const { currency, network, decimals } of await readCurrencies(server)) {
        const row = rows.find((each) => each.currency === currency && each.network === network);
        for (const amount of row === undefined ? [] : [row.balance, row.held, row.available])
          server.check.equal(`places of ${amount} ${currency} on ${network}`, {
            expected: decimals,
            actual: countPlaces(amount),
          });
      }
    },
  },
  {
    id: 'balances-order',
    description: 'rows are ordered by currency, then network',
    run: async (server) => {
      const { rows } = await someBalances(server);
      const names = rows.map(({ currency, network }) => `${currency} ${network}`);
      server.check.equal('order', { expected: names.toSorted().join(), actual: names.join() });
    },
  },
  {
    id: 'balances-filter',
    description: 'currency and network filter the rows, alone and together',
    run: async (server) => {
      const { rows, first } = await someBalances(server);
      for (const names of [['currency'], ['network'], ['currency', 'network']] as const) {
        const query = names.map((name) => `${name}=${first[name]}`).join('&');
        server.check.equal(`rows of ${query}`, {
          expected: format(rows.filter((row) => names.every((name) => row[name] === first[name]))),
          actual: format(await readBalances(server, query)),
        });
      }
    },
  },
  {
    id: 'balances-filter-case',
    description: 'currency and network match in any case',
    run: async (server) => {
      const { first } = await someBalances(server);
      const query = `currency=${first.currency}&network=${first.network}`;
      const expected = format(await readBalances(server, query));
      for (const spelling of [query.toLowerCase(), lowerFirst(first)])
        server.check.equal(`rows of ${spelling}`, {
          expected,
          actual: format(await readBalances(server, spelling)),
        });
    },
  },
  {
    id: 'balances-filter-unknown',
    description: 'an unknown currency gives an empty list',
    run: async (server) => {
      await assertRoute(server, endpoints.listBalances);
      const rows = await readBalances(server, 'currency=NOSUCHCOIN');
      server.check.equal('rows', { expected: 'none', actual: format(rows) });
    },
  },
  {
    id: 'balances-filter-twice',
    description: 'a repeated filter: 422',
    spec: '§4',
    run: async (server) => {
      const { first } = await someBalances(server);
      const target = `/v1/balances?currency=${first.currency}&currency=NONE&nonce=${server.basis().nonce}`;
      const response = await server.ask({ target });
      server.check.equal('status', { expected: 422, actual: response.status });
    },
  },
]);

/** `Usdt` and the like for one name, the other in lower case. */
function lowerFirst({ currency, network }: BalanceRow): string {
  const mixed = currency.charAt(0).toUpperCase() + currency.slice(1).toLowerCase();
  return `currency=${mixed}&network=${network.toLowerCase()}`;
}
