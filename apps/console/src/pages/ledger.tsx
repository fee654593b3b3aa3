import { TRANSACTION_DIRECTIONS, type Transaction, type Withdrawal } from '@cpg/protocol';
import { type ReactNode, useState } from 'react';
import { encode } from 'uqr';
import { Link, useLocation } from 'wouter';
import { useAccount } from '../account.ts';
import type {
  AuditResult,
  ConsoleAccount,
  ConsoleCurrency,
  ConsoleDeposit,
  LedgerEntry,
  Overview,
  Page,
} from '../api.ts';
import { type CallError, call, useChange, useRead } from '../client.ts';
import { formatAmount } from '../format.ts';
import {
  Badge,
  Button,
  Copy,
  Empty,
  Field,
  FormDialog,
  Loaded,
  PageTitle,
  Problem,
  Section,
  Short,
  Table,
  Time,
} from '../ui.tsx';

/** The pages of a list, from the newest row on: a stack of cursors. */
const usePages = <Row,>(path: string) => {
  const [cursors, setCursors] = useState<readonly number[]>([]);
  const cursor = cursors.at(-1);
  const query = useRead<Page<Row>>(cursor === undefined ? path : `${path}&cursor=${cursor}`);
  const next = query.data?.next_cursor ?? null;
  const pager =
    cursors.length === 0 && next === null ? null : (
      <div className="pager">
        <Button disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
          Newer
        </Button>
        <span className="hint">Page {cursors.length + 1}</span>
        <Button disabled={next === null} onClick={() => setCursors([...cursors, next as number])}>
          Older
        </Button>
      </div>
    );
  return { query, pager, restart: () => setCursors([]) };
};

const QrCode = ({ text }: { readonly text: string }) => {
  const { data, size } = encode(text, { border: 2 });
  const path = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')))
    .join('');
  return (
    <svg viewBox={`0 0 ${size} ${size}`} className="qr" role="img" aria-label={`QR code of ${text}`}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
};

const Address = ({ deposit }: { readonly deposit: ConsoleDeposit }) => (
  <div className="address">
    <QrCode text={deposit.address} />
    <div className="stack">
      <p>
        Pay {deposit.currency} on {deposit.network} to
      </p>
      <code>{deposit.address}</code>
      <div>
        <Copy text={deposit.address} label="the address" />
      </div>
      <p className="hint">
        Shown until <Time at={deposit.display_expires_at} />
      </p>
    </div>
  </div>
);

const CurrencySelect = ({ attributes }: { readonly attributes: { readonly id: string } }) => {
  const { account } = useAccount();
  const { data = [] } = useRead<readonly ConsoleCurrency[]>(
    `/currencies?account=${encodeURIComponent(account)}`,
  );
  return (
    <select {...attributes} name="currency">
      {data.map(({ currency, network }) => (
        <option key={`${currency}/${network}`}>{`${currency}/${network}`}</option>
      ))}
    </select>
  );
};

const readCurrency = (fields: FormData) => {
  const [currency = '', network = ''] = String(fields.get('currency')).split('/');
  return { currency, network };
};

const readText = (fields: FormData, name: string) => String(fields.get(name)).trim();

const RequestAddress = () => {
  const { account } = useAccount();
  const change = useChange<ConsoleDeposit>();
  const [created, setCreated] = useState<ConsoleDeposit | null>(null);
  return (
    <FormDialog
      kind="primary"
      trigger="New address"
      title="New deposit address"
      submit="Create"
      onOpen={() => {
        setCreated(null);
        change.reset();
      }}
      error={change.error}
      isBusy={change.isPending}
      result={created === null ? null : <Address deposit={created} />}
      onSubmit={(fields) =>
        change.mutate({
          path: '/deposit-requests',
          body: {
            account_id: account,
            ...readCurrency(fields),
            user_identifier: readText(fields, 'user') || null,
          },
          onDone: setCreated,
        })
      }
    >
      <Field label="Currency">{(attributes) => <CurrencySelect attributes={attributes} />}</Field>
      <Field label="User" hint="A user keeps the address. Without one it is used again later.">
        {(attributes) => <input {...attributes} name="user" autoComplete="off" />}
      </Field>
    </FormDialog>
  );
};

const Pay = ({ deposit }: { readonly deposit: ConsoleDeposit }) => {
  const change = useChange();
  return (
    <FormDialog
      trigger="Pay"
      triggerLabel={`Pay to request ${deposit.request_id}`}
      title={`Pay to request ${deposit.request_id}`}
      submit="Pay"
      onOpen={() => change.reset()}
      error={change.error}
      isBusy={change.isPending}
      onSubmit={(fields, close) =>
        change.mutate({
          path: '/deposits',
          body: { request_id: deposit.request_id, amount: readText(fields, 'amount') },
          done: 'The payment is detected.',
          onDone: close,
        })
      }
    >
      <Address deposit={deposit} />
      <Field label={`Amount in ${deposit.currency}`}>
        {(attributes) => <input {...attributes} name="amount" inputMode="decimal" defaultValue="25" />}
      </Field>
    </FormDialog>
  );
};

const Deposits = () => {
  const { account } = useAccount();
  const { query, pager } = usePages<ConsoleDeposit>(
    `/deposit-requests?account=${encodeURIComponent(account)}`,
  );
  return (
    <Section title="Deposit addresses" actions={<RequestAddress />}>
      <Loaded query={query}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="No address yet.">
              <p>Create one and pay to it: the deposit is credited when it has its confirmations.</p>
            </Empty>
          ) : (
            <Table
              label="Deposit addresses"
              columns={['Request', 'Currency', 'Address', 'User', 'Created', 'Pay']}
            >
              {rows.map((deposit) => (
                <tr key={deposit.request_id}>
                  <td className="mono">{deposit.request_id}</td>
                  <td>
                    {deposit.currency} <span className="hint">{deposit.network}</span>
                  </td>
                  <td>
                    <Short text={deposit.address} label={`address ${deposit.request_id}`} />
                  </td>
                  <td className="wrap">{deposit.user_identifier ?? <span className="hint">none</span>}</td>
                  <td>
                    <Time at={deposit.created_at} />
                  </td>
                  <td>
                    <Pay deposit={deposit} />
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
      {pager}
    </Section>
  );
};

const STEPS = ['pending', 'broadcasted', 'confirmed'] as const;

/** Where a withdrawal is on its way, drawn. */
const Progress = ({ withdrawal }: { readonly withdrawal: Withdrawal }) => {
  const { status } = withdrawal;
  const steps: readonly string[] = status === 'failed' ? ['pending', 'broadcasted', 'failed'] : STEPS;
  const reached = steps.indexOf(status);
  return (
    <ol className="progress" aria-label={`Withdrawal ${withdrawal.id} is ${status}`}>
      {steps.map((step, index) => (
        <li key={step} className={index <= reached ? (step === 'failed' ? 'bad' : 'done') : ''}>
          {step}
        </li>
      ))}
    </ol>
  );
};

const WithdrawForm = () => {
  const { account } = useAccount();
  const change = useChange();
  return (
    <FormDialog
      kind="primary"
      trigger="Withdraw"
      title="Withdraw"
      description="As the API does it: amount and fee are held, and the transaction is broadcast."
      submit="Withdraw"
      onOpen={() => change.reset()}
      error={change.error}
      isBusy={change.isPending}
      onSubmit={(fields, close) =>
        change.mutate({
          path: '/withdrawals',
          body: {
            account_id: account,
            ...readCurrency(fields),
            amount: readText(fields, 'amount'),
            to_address: readText(fields, 'address'),
          },
          done: 'The withdrawal is broadcast.',
          onDone: close,
        })
      }
    >
      <Field label="Currency">{(attributes) => <CurrencySelect attributes={attributes} />}</Field>
      <Field label="Amount">
        {(attributes) => <input {...attributes} name="amount" inputMode="decimal" autoComplete="off" />}
      </Field>
      <Field
        label="To address"
        hint="0x000000000000000000000000000000000000dEaD fails on the chain: to see what your service does."
      >
        {(attributes) => <input {...attributes} name="address" autoComplete="off" />}
      </Field>
    </FormDialog>
  );
};

const Withdrawals = () => {
  const { account } = useAccount();
  const change = useChange();
  const { query, pager } = usePages<Withdrawal>(`/withdrawals?account=${encodeURIComponent(account)}`);
  const settle = (id: number, outcome: 'confirm' | 'fail') =>
    change.mutate({ path: `/withdrawals/${id}/${outcome}`, done: `Withdrawal ${id} is settled.` });
  return (
    <Section title="Withdrawals" actions={<WithdrawForm />}>
      <Loaded query={query}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="No withdrawal yet.">
              <p>Make one here or through the API: its way to the chain is drawn as it goes.</p>
            </Empty>
          ) : (
            <Table
              label="Withdrawals"
              columns={['Id', ['Amount', 'end'], ['Fee', 'end'], 'To', 'State', 'Requested', 'Settle now']}
            >
              {rows.map((withdrawal) => (
                <tr key={withdrawal.id}>
                  <td className="mono">{withdrawal.id}</td>
                  <td className="amount">
                    {formatAmount(withdrawal.amount)} {withdrawal.currency}
                  </td>
                  <td className="amount">{formatAmount(withdrawal.fee)}</td>
                  <td>
                    <Short text={withdrawal.to_address} label={`recipient of ${withdrawal.id}`} />
                  </td>
                  <td>
                    <Progress withdrawal={withdrawal} />
                    {withdrawal.error_message === null ? null : (
                      <span className="hint">{withdrawal.error_message}</span>
                    )}
                  </td>
                  <td>
                    <Time at={withdrawal.requested_at} />
                  </td>
                  <td>
                    {['pending', 'broadcasted'].includes(withdrawal.status) ? (
                      <div className="row-actions">
                        <Button
                          aria-label={`Confirm withdrawal ${withdrawal.id}`}
                          onClick={() => settle(withdrawal.id, 'confirm')}
                        >
                          Confirm
                        </Button>
                        <Button
                          aria-label={`Fail withdrawal ${withdrawal.id}`}
                          onClick={() => settle(withdrawal.id, 'fail')}
                        >
                          Fail
                        </Button>
                      </div>
                    ) : null}
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
      {pager}
    </Section>
  );
};

const STATUSES = ['detected', 'broadcasted', 'confirmed', 'failed'] as const;

const Choice = ({
  label,
  values,
  value,
  onChange,
}: {
  readonly label: string;
  readonly values: readonly string[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}) => (
  <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
    <option value="">{label}: all</option>
    {values.map((name) => (
      <option key={name} value={name}>
        {name.replace('_', ' ')}
      </option>
    ))}
  </select>
);

const Transactions = () => {
  const { account } = useAccount();
  const [direction, setDirection] = useState('');
  const [status, setStatus] = useState('');
  const [currency, setCurrency] = useState('');
  const overview = useRead<Overview>(`/overview?account=${encodeURIComponent(account)}`);
  const currencies = [...new Set(overview.data?.balances.map((balance) => balance.currency) ?? [])];
  const filters = Object.entries({ account, direction, status, currency }).filter(
    ([, value]) => value !== '',
  );
  const { query, pager, restart } = usePages<Transaction>(
    `/transactions?${new URLSearchParams(Object.fromEntries(filters))}`,
  );
  const and = (set: (value: string) => void) => (value: string) => {
    restart();
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
      <Loaded query={query}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="No transaction here.">
              <p>Choose other filters, or make a deposit or a withdrawal.</p>
            </Empty>
          ) : (
            <Table
              label="Transactions"
              columns={[
                ...['Id', 'Kind'],
                ['Amount', 'end'],
                ...['From', 'To', 'Status'],
                ['Confirmations', 'end'],
                ...['Hash', 'When'],
              ]}
            >
              {rows.map((row) => (
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
              ))}
            </Table>
          )
        }
      </Loaded>
      {pager}
    </Section>
  );
};

const Entries = () => {
  const { account } = useAccount();
  const { query, pager } = usePages<LedgerEntry>(`/ledger-entries?account=${encodeURIComponent(account)}`);
  return (
    <Section title="Ledger entries" hint="Append-only: a balance is the sum of its entries.">
      <Loaded query={query}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="No entry yet.">
              <p>A deposit makes the first.</p>
            </Empty>
          ) : (
            <Table
              label="Ledger entries"
              columns={['Id', 'Kind', 'Currency', ['Balance', 'end'], ['Held', 'end'], 'For', 'When']}
            >
              {rows.map((row) => (
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
              ))}
            </Table>
          )
        }
      </Loaded>
      {pager}
    </Section>
  );
};

const Audit = () => {
  const [state, setState] = useState<{ results?: readonly AuditResult[]; error?: CallError }>({});
  const run = () =>
    call<readonly AuditResult[]>('GET', '/audit').then(
      (results) => setState({ results }),
      (error: CallError) => setState({ error }),
    );
  const { results, error } = state;
  return (
    <Section
      title="Audit"
      hint="Checks the laws of the ledger in one snapshot."
      actions={<Button onClick={run}>Run the audit</Button>}
    >
      {error === undefined ? null : <Problem error={error} />}
      {results === undefined ? null : (
        <ul className="audit">
          {results.map(({ law, violations }) => (
            <li key={law}>
              <Badge tone={violations.length === 0 ? 'good' : 'bad'}>
                {violations.length === 0 ? 'holds' : `${violations.length} violations`}
              </Badge>{' '}
              {law}
              {violations.map((violation) => (
                <p key={violation} className="mono">
                  {violation}
                </p>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
};

const CreateAccount = () => {
  const { select } = useAccount();
  const change = useChange<{ readonly id: string }>();
  return (
    <FormDialog
      kind="primary"
      trigger="Create an account"
      title="Create an account"
      description="It can use every active currency."
      submit="Create"
      onOpen={() => change.reset()}
      error={change.error}
      isBusy={change.isPending}
      onSubmit={(fields, close) =>
        change.mutate({
          path: '/accounts',
          body: { id: readText(fields, 'id'), name: readText(fields, 'name') },
          done: 'The account is created. Create a key for it under API keys.',
          onDone: ({ id }) => {
            select(id);
            close();
          },
        })
      }
    >
      <Field label="Id" hint="1 to 128 characters of A-Z a-z 0-9 _ - .">
        {(attributes) => <input {...attributes} name="id" autoComplete="off" />}
      </Field>
      <Field label="Name">{(attributes) => <input {...attributes} name="name" autoComplete="off" />}</Field>
    </FormDialog>
  );
};

const AccountRow = ({ row }: { readonly row: ConsoleAccount }) => {
  const { account, select } = useAccount();
  return (
    <tr>
      <td className="mono">{row.id}</td>
      <td>{row.name}</td>
      <td className="amount">{row.keys}</td>
      <td className="amount">{row.webhooks}</td>
      <td>
        {row.id === account ? (
          <Badge tone="good">shown</Badge>
        ) : (
          <Button aria-label={`Show ${row.id}`} onClick={() => select(row.id)}>
            Show
          </Button>
        )}
      </td>
    </tr>
  );
};

const Accounts = () => {
  const { account } = useAccount();
  const query = useRead<Overview>(`/overview?account=${encodeURIComponent(account)}`);
  return (
    <>
      <Section title="Accounts" actions={<CreateAccount />}>
        <Loaded query={query}>
          {({ accounts }) => (
            <Table
              label="Accounts"
              columns={['Id', 'Name', ['Active keys', 'end'], ['Webhooks', 'end'], 'Shown in the console']}
            >
              {accounts.map((row) => (
                <AccountRow key={row.id} row={row} />
              ))}
            </Table>
          )}
        </Loaded>
      </Section>
      <Audit />
    </>
  );
};

const TABS: readonly (readonly [path: string, name: string, content: () => ReactNode])[] = [
  ['/ledger', 'Accounts', () => <Accounts />],
  ['/ledger/deposits', 'Deposits', () => <Deposits />],
  ['/ledger/withdrawals', 'Withdrawals', () => <Withdrawals />],
  ['/ledger/transactions', 'Transactions', () => <Transactions />],
  ['/ledger/entries', 'Entries', () => <Entries />],
];

/** Accounts, their money and how it moved. */
export default function LedgerPage() {
  const [location] = useLocation();
  const shown = TABS.find(([path]) => path === location) ?? TABS[0];
  return (
    <>
      <PageTitle title="Ledger" />
      <nav className="subpages" aria-label="Ledger">
        {TABS.map(([path, name]) => (
          <Link key={path} href={path} aria-current={path === shown?.[0] ? 'page' : undefined}>
            {name}
          </Link>
        ))}
      </nav>
      {shown?.[2]()}
    </>
  );
}
