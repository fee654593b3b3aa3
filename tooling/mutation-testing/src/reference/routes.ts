import { type Endpoint, endpoints, isRejection, validateRequest } from '@cpg/protocol';
import { CURRENCIES, type Ledger } from './ledger.ts';
import type { Order } from './ledger-parts.ts';
import type { Rejection, ServerParts } from './server-parts.ts';

export type Outcome = Rejection | { readonly data: unknown };

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
}

interface Valid {
  readonly account: string;
  readonly id: string;
  readonly query: { readonly currency?: string; readonly network?: string };
  readonly body: unknown;
}

const NOT_FOUND: Rejection = { status: 404, message: 'Not found' };

const createPattern = ({ path }: Endpoint): RegExp =>
  new RegExp(`^${path.replace(/\{([^}]+)\}/g, '(?<$1>[^/]+)')}$`);

const listCurrencies = () =>
  CURRENCIES.map(({ currency, network, decimals, minimum, feeFlat, feePercent }) => ({
    currency,
    network,
    decimals,
    min_withdrawal_amount: minimum,
    withdrawal_fee_flat: feeFlat,
    withdrawal_fee_percent: feePercent,
  }));

const handleEndpoint = async (
  name: string,
  { parts, ledger }: RouteContext,
  valid: Valid,
): Promise<Outcome> => {
  const { account, id, query, body } = valid;
  if (name === 'ping') return { data: parts.pong() };
  if (name === 'balances.list') return parts.listed(ledger.balances(account, query));
  if (name === 'currencies.list') return { data: listCurrencies() };
  if (name === 'withdrawals.create') return ledger.withdraw({ ...(body as Omit<Order, 'account'>), account });
  if (name === 'withdrawals.get') return ledger.withdrawal(account, Number(id)) ?? parts.unseen();
  return name.endsWith('.get') && name !== 'hotWallet.get' ? NOT_FOUND : { data: [] };
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
    } catch {
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
  const path = target.split('?')[0] ?? '';
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
  if (known.length === 0) return { permission: null, handle: async () => NOT_FOUND };
  const allow = known.map(({ endpoint }) => endpoint.method).join(', ');
  return {
    permission: null,
    allow,
    handle: async () => ({ status: 405, message: 'Method not allowed' }),
  };
};
