import type { LedgerEntry } from '../../api.ts';
import { Empty, Section } from '../../components/page.tsx';
import { PagedTable, usePages } from '../../components/table.tsx';
import { Time } from '../../components/values.tsx';
import { formatAmount } from '../../format.ts';

/** The entries whose sums are the balances of the account. */
export const Entries = () => {
  const pages = usePages<LedgerEntry>('/ledger-entries');
  return (
    <Section title="Ledger entries" hint="Append-only: a balance is the sum of its entries.">
      <PagedTable
        pages={pages}
        label="Ledger entries"
        columns={['Id', 'Kind', 'Currency', ['Balance', 'end'], ['Held', 'end'], 'For', 'When']}
        empty={
          <Empty title="No entry yet.">
            <p>A deposit makes the first.</p>
          </Empty>
        }
      >
        {(row) => (
          <tr key={row.id}>
            <td className="mono">{row.id}</td>
            <td>{row.kind.replaceAll('_', ' ')}</td>
            <td>
              {row.currency} <span className="hint">{row.network}</span>
            </td>
            <td className="amount">{formatAmount(row.balance_delta)}</td>
            <td className="amount">{formatAmount(row.held_delta)}</td>
            <td>
              {row.withdrawal_id === null ? null : `withdrawal ${row.withdrawal_id}`}
              {row.deposit_id === null ? null : `deposit ${row.deposit_id}`}
            </td>
            <td>
              <Time at={row.created_at} />
            </td>
          </tr>
        )}
      </PagedTable>
    </Section>
  );
};
