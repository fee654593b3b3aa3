import { type ReactNode, useState } from 'react';
import { useAccount } from '../account.ts';
import type { Page } from '../api.ts';
import { useRead } from '../client.ts';
import { Button } from './controls.tsx';
import { Loaded } from './page.tsx';

interface TableProps {
  readonly label: string;
  readonly columns: readonly (string | readonly [string, 'end'])[];
  readonly children: ReactNode;
}

/** A table that scrolls sideways on a narrow screen. */
export const Table = ({ label, columns, children }: TableProps) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard must be able to scroll it
  <section className="table-scroll" tabIndex={0} aria-label={`${label} table`}>
    <table>
      <thead>
        <tr>
          {columns.map((column) => {
            const [name, align] = typeof column === 'string' ? [column, 'start'] : column;
            return (
              <th key={name} scope="col" className={align}>
                {name}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </section>
);

interface RowTableProps<Row> extends Omit<TableProps, 'children'> {
  /** Shown instead of a table without rows. */
  readonly empty: ReactNode;
  /** One row, with its key. */
  readonly children: (row: Row) => ReactNode;
}

/** A row of a table for each entry of a list. */
export const RowTable = <Row,>({
  rows,
  empty,
  children,
  ...table
}: RowTableProps<Row> & { readonly rows: readonly Row[] }) =>
  rows.length === 0 ? empty : <Table {...table}>{rows.map((row) => children(row))}</Table>;

type Filters = Readonly<Record<string, string>>;

/** The pages of a list of the account, from the newest row on: a stack of cursors. */
export const usePages = <Row,>(path: string, filters: Filters = {}) => {
  const { account } = useAccount();
  const [cursors, setCursors] = useState<readonly (number | string)[]>([]);
  const cursor = cursors.at(-1);
  const first = `${path}?${new URLSearchParams({ account, ...filters })}`;
  const query = useRead<Page<Row>>(cursor === undefined ? first : `${first}&cursor=${cursor}`);
  const next = query.data?.next_cursor ?? null;
  const pager =
    cursors.length === 0 && next === null ? null : (
      <div className="pager">
        <Button disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
          Newer
        </Button>
        <span className="hint">Page {cursors.length + 1}</span>
        <Button disabled={next === null} onClick={() => setCursors([...cursors, next as number | string])}>
          Older
        </Button>
      </div>
    );
  return { query, pager, restart: () => setCursors([]) };
};

type Pages<Row> = ReturnType<typeof usePages<Row>>;

/** One page of a list, with the buttons that turn the page. */
export const PagedTable = <Row,>({
  pages: { query, pager },
  ...table
}: RowTableProps<Row> & { readonly pages: Pages<Row> }) => (
  <>
    <Loaded query={query}>{({ rows }) => <RowTable rows={rows} {...table} />}</Loaded>
    {pager}
  </>
);
