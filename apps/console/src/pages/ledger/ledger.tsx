import type { ComponentType } from 'react';
import { useLocation } from 'wouter';
import { PageTitle, type Subpage, Subpages } from '../../components/page.tsx';
import { Accounts } from './accounts.tsx';
import { Audit } from './audit.tsx';
import { Deposits } from './deposits.tsx';
import { Entries } from './entries.tsx';
import { Transactions } from './transactions.tsx';
import { Withdrawals } from './withdrawals.tsx';

const AccountsAndAudit = () => (
  <>
    <Accounts />
    <Audit />
  </>
);

const ACCOUNTS = { path: '/ledger', name: 'Accounts', Content: AccountsAndAudit };

const SUBPAGES: readonly (Subpage & { readonly Content: ComponentType })[] = [
  ACCOUNTS,
  { path: '/ledger/deposits', name: 'Deposits', Content: Deposits },
  { path: '/ledger/withdrawals', name: 'Withdrawals', Content: Withdrawals },
  { path: '/ledger/transactions', name: 'Transactions', Content: Transactions },
  { path: '/ledger/entries', name: 'Entries', Content: Entries },
];

/** Accounts, their money and how it moved. */
export default function LedgerPage() {
  const [location] = useLocation();
  const { path, Content } = SUBPAGES.find((subpage) => subpage.path === location) ?? ACCOUNTS;
  return (
    <>
      <PageTitle title="Ledger" />
      <Subpages label="Ledger" subpages={SUBPAGES} current={path} />
      <Content />
    </>
  );
}
