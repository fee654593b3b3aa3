import { type FormEvent, useState } from 'react';
import { useOverview } from '../account.ts';
import type { ConsoleBalance, Overview } from '../api.ts';
import { useChange } from '../client.ts';
import { Badge } from '../components/badge.tsx';
import { Button, Field, readText } from '../components/controls.tsx';
import { Empty, Loaded, PageTitle, Section } from '../components/page.tsx';
import { RowTable } from '../components/table.tsx';
import { Short, Time } from '../components/values.tsx';
import { formatAmount } from '../format.ts';

const WIDTH = 96;
const HEIGHT = 28;

/** The course of a balance, drawn small. */
const Sparkline = ({ course }: { readonly course: readonly number[] }) => {
  if (course.length < 2) return <span className="hint">no movement yet</span>;
  const [low, high] = [Math.min(...course), Math.max(...course)];
  const step = WIDTH / (course.length - 1);
  const points = course.map((value, index) => {
    const height = high === low ? HEIGHT / 2 : HEIGHT - 2 - ((value - low) / (high - low)) * (HEIGHT - 4);
    return `${(index * step).toFixed(1)},${height.toFixed(1)}`;
  });
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="sparkline"
      role="img"
      aria-label="Course of the balance"
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
};

const Balances = ({ balances }: { readonly balances: readonly ConsoleBalance[] }) => (
  <RowTable
    rows={balances}
    label="Balances"
    columns={['Currency', 'Network', ['Available', 'end'], ['Held', 'end'], ['Balance', 'end'], 'Course']}
    empty={
      <Empty title="This account has no currency.">
        <p>Turn one on under Currencies.</p>
      </Empty>
    }
  >
    {({ currency, network, available, held, balance, course }) => (
      <tr key={`${currency}/${network}`}>
        <td>
          <strong>{currency}</strong>
        </td>
        <td>{network}</td>
        <td className="amount">{formatAmount(available)}</td>
        <td className="amount">{formatAmount(held)}</td>
        <td className="amount">{formatAmount(balance)}</td>
        <td>
          <Sparkline course={course} />
        </td>
      </tr>
    )}
  </RowTable>
);

const getName = ({ currency, network }: { readonly currency: string; readonly network: string }) =>
  `${currency}/${network}`;

const getLargest = (balances: readonly ConsoleBalance[]) =>
  balances.toSorted((one, other) => Number(other.available) - Number(one.available))[0];

/** A valid address of each family, for trying withdrawals. */
const DEMO_RECIPIENTS: Readonly<Record<string, string>> = {
  ETH: '0x52908400098527886E0F7030069857D2E4169EE7',
  TRX: 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8',
  BTC: 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq',
};

/** A deposit or a withdrawal in two clicks. */
const QuickMoney = ({ overview }: { readonly overview: Overview }) => {
  const change = useChange();
  const [chosen, choose] = useState('');
  const { balances, account } = overview;
  const selected = balances.find((balance) => getName(balance) === chosen) ?? getLargest(balances);
  if (selected === undefined) return null;
  const { currency, network } = selected;
  const read = (form: HTMLFormElement) => readText(new FormData(form), 'amount');
  const deposit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const amount = read(event.currentTarget);
    const body = { account_id: account, currency, network, amount };
    change.mutate({ path: '/payments', body, done: `A deposit of ${amount} ${currency} is on its way.` });
  };
  const withdraw = (form: HTMLFormElement | null) => {
    if (form === null) return;
    const amount = read(form);
    const body = {
      account_id: account,
      currency,
      network,
      amount,
      to_address: DEMO_RECIPIENTS[network] ?? '',
    };
    change.mutate({
      path: '/withdrawals',
      body,
      done: `A withdrawal of ${amount} ${currency} is broadcast.`,
    });
  };
  return (
    <Section title="Move money" hint="Simulated: no chain and no real money is involved.">
      <form className="row" onSubmit={deposit}>
        <Field label="Amount">
          {(attributes) => (
            <input {...attributes} name="amount" inputMode="decimal" defaultValue="25" autoComplete="off" />
          )}
        </Field>
        <Field label="Currency">
          {(attributes) => (
            <select
              {...attributes}
              value={getName(selected)}
              onChange={(event) => choose(event.currentTarget.value)}
            >
              {balances.map((balance) => (
                <option key={getName(balance)}>{getName(balance)}</option>
              ))}
            </select>
          )}
        </Field>
        <Button kind="primary" type="submit">
          Deposit
        </Button>
        <Button onClick={(event) => withdraw(event.currentTarget.form)}>Withdraw</Button>
      </form>
    </Section>
  );
};

const Count = ({
  count,
  name,
  href,
  tone,
}: {
  readonly count: number;
  readonly name: string;
  readonly href: string;
  readonly tone: string;
}) => (
  <a className={`count ${count === 0 ? '' : tone}`} href={href}>
    <strong>{count}</strong>
    <span>{name}</span>
  </a>
);

const isInFlight = ({ status }: { readonly status: string }) =>
  status === 'pending' || status === 'broadcasted';

const OverviewContent = ({ overview }: { readonly overview: Overview }) => {
  const { balances, transactions, due_deliveries, failed_deliveries } = overview;
  const inFlight = overview.withdrawals.filter(isInFlight);
  return (
    <>
      <div className="counts">
        <Count count={inFlight.length} name="withdrawals in flight" href="#/ledger/withdrawals" tone="wait" />
        <Count
          count={due_deliveries}
          name="deliveries to make"
          href="#/webhooks/deliveries?status=pending"
          tone="wait"
        />
        <Count
          count={failed_deliveries}
          name="failed deliveries"
          href="#/webhooks/deliveries?status=dead"
          tone="bad"
        />
      </div>
      <Section title="Balances">
        <Balances balances={balances} />
      </Section>
      <QuickMoney overview={overview} />
      <Section title="Latest transactions">
        <RowTable
          rows={transactions}
          label="Latest transactions"
          columns={['Id', 'Kind', ['Amount', 'end'], 'To', 'Status', ['Confirmations', 'end'], 'When']}
          empty={
            <Empty title="No transaction yet.">
              <p>Make a deposit above: it confirms after a few blocks.</p>
            </Empty>
          }
        >
          {(transaction) => (
            <tr key={transaction.id}>
              <td className="mono">{transaction.id}</td>
              <td>{transaction.direction.replace('_', ' ')}</td>
              <td className="amount">
                {formatAmount(transaction.amount_decimal)} {transaction.currency}
              </td>
              <td>
                <Short text={transaction.to_address} label="the address" />
              </td>
              <td>
                <Badge>{transaction.status}</Badge>
              </td>
              <td className="amount">{transaction.confirmations}</td>
              <td>
                <Time at={transaction.created_at} />
              </td>
            </tr>
          )}
        </RowTable>
      </Section>
    </>
  );
};

/** Balances, pending work, and money in two clicks. */
export default function OverviewPage() {
  const query = useOverview();
  return (
    <>
      <PageTitle title="Overview" />
      <Loaded query={query}>{(overview) => <OverviewContent overview={overview} />}</Loaded>
    </>
  );
}
