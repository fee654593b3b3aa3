/** A row of the transactions of an account. */
export interface Transaction {
  readonly id: number;
  readonly direction: string;
  readonly status: string;
  readonly currency: string;
  readonly network: string;
}

/** The valid query of `GET /v1/transactions`. */
export interface TransactionQuery {
  readonly direction?: string;
  readonly status?: string;
  readonly currency?: string;
  readonly network?: string;
  readonly cursor?: number;
  readonly limit?: number;
}

export interface Page {
  readonly rows: readonly Transaction[];
  readonly next_cursor: number | null;
  readonly has_more: boolean;
}

/** The steps to a page, each of which a mutant can replace. */
export interface Paging {
  readonly isSelected: (row: Transaction, query: TransactionQuery) => boolean;
  readonly isBelow: (id: number, cursor: number) => boolean;
  readonly limit: (query: TransactionQuery) => number;
  readonly hasMore: (page: readonly Transaction[], all: readonly Transaction[], limit: number) => boolean;
  readonly nextCursor: (page: readonly Transaction[], hasMore: boolean) => number | null;
}

/** Whether a name matches a filter; no filter matches all. */
export const isSameName = (wanted: string | undefined, own: string): boolean =>
  wanted === undefined || wanted.toLowerCase() === own.toLowerCase();

export const PAGING: Paging = {
  isSelected: (row, { direction, status, currency, network }) =>
    (direction ?? row.direction) === row.direction &&
    (status ?? row.status) === row.status &&
    isSameName(currency, row.currency) &&
    isSameName(network, row.network),
  isBelow: (id, cursor) => id < cursor,
  limit: ({ limit = 50 }) => limit,
  hasMore: (page, all) => all.length > page.length,
  nextCursor: (page, hasMore) => (hasMore ? (page.at(-1)?.id ?? null) : null),
};

/** Selects a page of rows, newest first. */
export const makePage =
  (changes: Partial<Paging> = {}) =>
  (rows: readonly Transaction[], query: TransactionQuery): Page => {
    const { isSelected, isBelow, limit, hasMore, nextCursor } = { ...PAGING, ...changes };
    const { cursor } = query;
    const all = rows.filter(
      (row) => isSelected(row, query) && (cursor === undefined || isBelow(row.id, cursor)),
    );
    const page = all.slice(0, limit(query));
    const has_more = hasMore(page, all, limit(query));
    return { rows: page, has_more, next_cursor: nextCursor(page, has_more) };
  };
