import { encode } from 'uqr';
import { useAccount } from '../../account.ts';
import type { ConsoleDeposit } from '../../api.ts';
import { Field, readText } from '../../components/controls.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Empty, Section } from '../../components/page.tsx';
import { PagedTable, usePages } from '../../components/table.tsx';
import { Copy, Short, Time } from '../../components/values.tsx';
import { CurrencyField, readCurrency } from './currency-field.tsx';

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

const RequestAddress = () => {
  const { account } = useAccount();
  return (
    <FormDialog<ConsoleDeposit>
      kind="primary"
      trigger="New address"
      title="New deposit address"
      submit="Create"
      getChange={(fields) => ({
        path: '/deposit-requests',
        body: {
          account_id: account,
          ...readCurrency(fields),
          user_identifier: readText(fields, 'user') || null,
        },
      })}
      result={(created) => <Address deposit={created} />}
    >
      <CurrencyField />
      <Field label="User" hint="A user keeps the address. Without one it is used again later.">
        {(attributes) => <input {...attributes} name="user" autoComplete="off" />}
      </Field>
    </FormDialog>
  );
};

const Pay = ({ deposit }: { readonly deposit: ConsoleDeposit }) => (
  <FormDialog
    trigger="Pay"
    triggerLabel={`Pay to request ${deposit.request_id}`}
    title={`Pay to request ${deposit.request_id}`}
    submit="Pay"
    getChange={(fields) => ({
      path: '/deposits',
      body: { request_id: deposit.request_id, amount: readText(fields, 'amount') },
      done: 'The payment is detected.',
    })}
  >
    <Address deposit={deposit} />
    <Field label={`Amount in ${deposit.currency}`}>
      {(attributes) => <input {...attributes} name="amount" inputMode="decimal" defaultValue="25" />}
    </Field>
  </FormDialog>
);

/** The deposit addresses of the account, and the payments to them. */
export const Deposits = () => {
  const pages = usePages<ConsoleDeposit>('/deposit-requests');
  return (
    <Section title="Deposit addresses" actions={<RequestAddress />}>
      <PagedTable
        pages={pages}
        label="Deposit addresses"
        columns={['Request', 'Currency', 'Address', 'User', 'Created', 'Pay']}
        empty={
          <Empty title="No address yet.">
            <p>Create one and pay to it: the deposit is credited when it has its confirmations.</p>
          </Empty>
        }
      >
        {(deposit) => (
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
        )}
      </PagedTable>
    </Section>
  );
};
