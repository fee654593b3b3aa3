import { type Endpoint, endpoints, isRejection, validateRequest } from '@cpg/protocol';
import { CURRENCIES, Ledger } from './ledger.ts';
import { Decimal, type DepositRequest, type Order } from './ledger-parts.ts';
import type { Page, TransactionQuery } from './paging.ts';
import type { Rejection, ServerParts } from './server-parts.ts';

/** A rejection, or the members of a success envelope besides `success` and `message`. */
export type Outcome = Rejection | { readonly data: unknown; readonly next_cursor?: number | null };

export interface Route {
  readonly permission: string | null;
  /** Handles an admitted request. */
  readonly handle: (body: Buffer, account: string) => Promise<Outcome>;
  readonly allow?: string;
}

/** The dependencies of the routes. */
export interface RouteContext {
  readonly parts: ServerParts;
  readonly ledger: Ledger;
  readonly deposits: ReturnType<typeof makeDepositRequests>;
}

/** The dependencies of the routes of a new server. `now`: the server's clock, in Unix seconds. */
export const makeContext = (parts: ServerParts, now: () => number): RouteContext => ({
  parts,
  ledger: new Ledger(parts, now),
  deposits: makeDepositRequests(parts),
});

interface Valid {
  readonly account: string;
  readonly id: string;
  readonly query: TransactionQuery;
  readonly body: unknown;
}

const LAST_PAGE = { next_cursor: null, has_more: false };

const NOT_FOUND: Rejection = { status: 404, message: 'Not found' };

const createPattern = ({ path }: Endpoint): RegExp =>
  new RegExp(`^${path.replace(/\{([^}]+)\}/g, '(?<$1>[^/]+)')}$`);

const EXPIRES = '2026-01-31T15:00:00+00:00';
const CREATED = '2026-01-31T12:00:00+00:00';

const listCurrencies = () =>
  CURRENCIES.map(({ currency, network, decimals, minimum, feeFlat, feePercent }) => ({
    currency,
    network,
    name: currency,
    is_token: currency !== network,
    contract_address: null,
    decimals,
    deposit_enabled: true,
    withdrawal_enabled: true,
    min_deposit_amount: new Decimal(minimum).toFixed(18),
    min_withdrawal_amount: new Decimal(minimum).toFixed(18),
    withdrawal_fee_flat: new Decimal(feeFlat).toFixed(18),
    withdrawal_fee_percent: new Decimal(feePercent).toFixed(6),
  }));

/** The deposit requests that were made. */
const makeDepositRequests = (parts: ServerParts) => {
  const made: DepositRequest[] = [];
  const describe = ({ id, address, currency, network, user_identifier: user = null }: DepositRequest) => ({
    request_id: id,
    address,
    currency,
    network,
    user_identifier: user,
    display_expires_at: EXPIRES,
    created_at: CREATED,
  });
  return {
    create: (call: Omit<DepositRequest, 'id' | 'address'>): Outcome => {
      const earlier = parts.findEarlierDeposit(made, call);
      if (earlier !== undefined && !parts.isSameDeposit(earlier, call))
        return { status: 409, message: 'idempotency_key was already used with different parameters' };
      const id = made.length + 1;
      const address = parts.findAddress(made, call)?.address ?? `0x${String(id).padStart(40, '0')}`;
      const request = earlier ?? { ...call, id, address };
      if (earlier === undefined) made.push(request);
      return { data: { ...describe(request), contract_address: null } };
    },
    find: (account: string, id: number): object | undefined => {
      const found = made.find((each) => each.id === id && parts.isOwnDeposit(each, account));
      return found && { ...describe(found), status: 'active', transactions: [] };
    },
  };
};

const handleEndpoint = async (name: string, context: RouteContext, valid: Valid): Promise<Outcome> => {
  const { parts, ledger, deposits } = context;
  const { account, id, query, body } = valid;
  const shaped = (data: object): Outcome => ({ data: parts.shape(name, data) });
  const listed = (rows: readonly object[], page: Omit<Page, 'rows'> = LAST_PAGE): Outcome => {
    const outcome = parts.listed(rows.map((row) => parts.shape(name, row)));
    return 'data' in outcome ? { ...outcome, ...parts.page(name, page) } : outcome;
  };
  const listTransactions = (): Outcome => {
    const { rows, ...page } = ledger.transactions(account, query);
    return listed(rows, page);
  };
  switch (name) {
    case 'ping':
      return { data: parts.pong() };
    case 'balances.list':
      return listed(ledger.balances(account, query));
    case 'currencies.list':
      return listed(listCurrencies());
    case 'transactions.list':
      return listTransactions();
    case 'withdrawals.create': {
      const result = await ledger.withdraw({ ...(body as Omit<Order, 'account'>), account });
      return 'data' in result ? shaped(result.data) : result;
    }
    case 'withdrawals.get': {
      const found = ledger.withdrawal(account, Number(id));
      return found === undefined ? parts.unseen() : shaped(found.data);
    }
    case 'depositAddresses.create': {
      const result = deposits.create({
        ...(body as Omit<DepositRequest, 'id' | 'address' | 'account'>),
        account,
      });
      return 'data' in result ? shaped(result.data as object) : result;
    }
    case 'depositRequests.get': {
      const found = deposits.find(account, Number(id));
      return found === undefined ? NOT_FOUND : shaped(found);
    }
    default:
      if (!parts.hasWallet(query.network ?? '')) return { status: 404, message: 'Network not found' };
      return shaped({ network: query.network?.toUpperCase(), address: `0x${'1'.repeat(40)}` });
  }
};

interface Found {
  readonly endpoint: Endpoint;
  readonly target: string;
  readonly groups: Readonly<Record<string, string>>;
}

const handle =
  ({ endpoint, target, groups }: Found, context: RouteContext): Route['handle'] =>
  async (bytes, account) => {
    const { parts } = context;
    let body: unknown;
    try {
      body = endpoint.body === null ? undefined : parts.fields(parts.parseBody(bytes.toString('utf8')));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return { status: 400, message: 'Malformed JSON body' };
    }
    const mark = target.indexOf('?');
    const query = parts.filters(mark === -1 ? '' : target.slice(mark + 1));
    const [name] = Object.keys(groups);
    const id = parts.parseId(Object.values(groups)[0] ?? '1');
    if (id === undefined) return { status: 422, message: `${name}: Input should be a valid integer` };
    // The id was checked above, by a part that a mutant can replace.
    const pathParameters = name === undefined ? {} : { [name]: '1' };
    const result = validateRequest(endpoint, { pathParameters, query, body });
    if (isRejection(result)) return { status: result.status, message: result.message };
    return handleEndpoint(endpoint.name, context, {
      account,
      id: String(id),
      query: result.query as Valid['query'],
      body: result.body,
    });
  };

/** Finds the route of a request among the endpoints that are served. */
export const findRoute = (method: string, target: string, context: RouteContext): Route => {
  const path = context.parts.routed(target.split('?')[0] ?? '');
  const known = Object.values(endpoints)
    .filter(({ name }) => context.parts.isServed(name))
    .map((endpoint: Endpoint) => ({ endpoint, match: createPattern(endpoint).exec(path) }))
    .filter(({ match }) => match !== null);
  const found = known.find(({ endpoint }) => endpoint.method === method);
  if (found?.match) {
    const { endpoint, match } = found;
    const handler = handle({ endpoint, target, groups: { ...match.groups } }, context);
    return { permission: endpoint.permission, handle: handler };
  }
  if (known.length === 0) return { permission: null, handle: async () => context.parts.unknownRoute(target) };
  const allow = known.map(({ endpoint }) => endpoint.method).join(', ');
  return {
    permission: null,
    allow,
    handle: async () => ({ status: 405, message: 'Method not allowed' }),
  };
};
