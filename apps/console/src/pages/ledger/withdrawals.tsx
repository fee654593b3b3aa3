import type { Withdrawal } from '@cpg/protocol';
import { useAccount } from '../../account.ts';
import { useChange } from '../../client.ts';
import { Button, Field, readText } from '../../components/controls.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Empty, Section } from '../../components/page.tsx';
import { PagedTable, usePages } from '../../components/table.tsx';
import { Short, Time } from '../../components/values.tsx';
import { formatAmount } from '../../format.ts';
import { CurrencyField, readCurrency } from './currency-field.tsx';

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
  return (
    <FormDialog
      kind="primary"
      trigger="Withdraw"
      title="Withdraw"
      description="As the API does it: amount and fee are held, and the transaction is broadcast."
      submit="Withdraw"
      getChange={(fields) => ({
        path: '/withdrawals',
        body: {
          account_id: account,
          ...readCurrency(fields),
          amount: readText(fields, 'amount'),
          to_address: readText(fields, 'address'),
        },
        done: 'The withdrawal is broadcast.',
      })}
    >
      <CurrencyField />
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

/** The withdrawals of the account, and the form for a new one. */
export const Withdrawals = () => {
  const change = useChange();
  const pages = usePages<Withdrawal>('/withdrawals');
  const settle = (id: number, outcome: 'confirm' | 'fail') =>
    change.mutate({ path: `/withdrawals/${id}/${outcome}`, done: `Withdrawal ${id} is settled.` });
  return (
    <Section title="Withdrawals" actions={<WithdrawForm />}>
      <PagedTable
        pages={pages}
        label="Withdrawals"
        columns={['Id', ['Amount', 'end'], ['Fee', 'end'], 'To', 'State', 'Requested', 'Settle now']}
        empty={
          <Empty title="No withdrawal yet.">
            <p>Make one here or through the API: its way to the chain is drawn as it goes.</p>
          </Empty>
        }
      >
        {(withdrawal) => (
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
        )}
      </PagedTable>
    </Section>
  );
};
