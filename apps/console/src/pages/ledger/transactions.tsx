import { TRANSACTION_DIRECTIONS, type Transaction } from '@cpg/protocol';
import { useState } from 'react';
import { useOverview } from '../../account.ts';
import { Badge } from '../../components/badge.tsx';
import { Choice } from '../../components/controls.tsx';
import { Empty, Section } from '../../components/page.tsx';
import { PagedTable, usePages } from '../../components/table.tsx';
import { Short, Time } from '../../components/values.tsx';
import { formatAmount } from '../../format.ts';

const STATUSES = ['detected', 'broadcasted', 'confirmed', 'failed'] as const;

/** The transactions of the account, with filters. */
export const Transactions = () => {
  const [direction, setDirection] = useState('');
  const [status, setStatus] = useState('');
  const [currency, setCurrency] = useState('');
  const overview = useOverview();
  const currencies = [...new Set(overview.data?.balances.map((balance) => balance.currency) ?? [])];
  const filters = Object.entries({ direction, status, currency }).filter(([, value]) => value !== '');
  const pages = usePages<Transaction>('/transactions', Object.fromEntries(filters));
  const and = (set: (value: string) => void) => (value: string) => {
    pages.restart();
    set(value);
  };
  const actions = (
    <>
      <Choice label="Kind" values={TRANSACTION_DIRECTIONS} value={direction} onChange={and(setDirection)} />
      <Choice label="Status" values={STATUSES} value={status} onChange={and(setStatus)} />
      <Choice label="Currency" values={currencies} value={currency} onChange={and(setCurrency)} />
    </>
  );
  return (
    <Section title="Transactions" actions={actions}>
      <PagedTable
        pages={pages}
        label="Transactions"
        columns={[
          ...['Id', 'Kind'],
          ['Amount', 'end'],
          ...['From', 'To', 'Status'],
          ['Confirmations', 'end'],
          ...['Hash', 'When'],
        ]}
        empty={
          <Empty title="No transaction here.">
            <p>Choose other filters, or make a deposit or a withdrawal.</p>
          </Empty>
        }
      >
        {(row) => (
          <tr key={row.id}>
            <td className="mono">{row.id}</td>
            <td>{row.direction.replace('_', ' ')}</td>
            <td className="amount">
              {formatAmount(row.amount_decimal)} {row.currency}
            </td>
            <td>
              {row.from_address === null ? (
                <span className="hint">unknown</span>
              ) : (
                <Short text={row.from_address} label={`sender of ${row.id}`} />
              )}
            </td>
            <td>
              <Short text={row.to_address} label={`recipient of ${row.id}`} />
            </td>
            <td>
              <Badge>{row.status}</Badge>
            </td>
            <td className="amount">{row.confirmations}</td>
            <td>
              <Short text={row.tx_hash} label={`hash of ${row.id}`} />
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
