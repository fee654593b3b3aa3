import { useAccount, useCurrencies } from '../account.ts';
import type { ConsoleCurrency } from '../api.ts';
import { useChange } from '../client.ts';
import { Field, readText } from '../components/controls.tsx';
import { FormDialog } from '../components/form-dialog.tsx';
import { Empty, Loaded, PageTitle, Section } from '../components/page.tsx';
import { RowTable } from '../components/table.tsx';

const getPath = ({ currency, network }: ConsoleCurrency) =>
  `/currencies/${encodeURIComponent(currency)}/${encodeURIComponent(network)}`;

const TERMS = [
  ['min_deposit_amount', 'Smallest deposit', 'For information: every payment is credited.'],
  ['min_withdrawal_amount', 'Smallest withdrawal', 'Without the fee.'],
  ['withdrawal_fee_flat', 'Fee of each withdrawal', 'In the currency, on top of the amount.'],
  ['withdrawal_fee_percent', 'Fee in percent', '1 is 1 %, on top of the flat fee.'],
] as const;

const ChangeTerms = ({ row }: { readonly row: ConsoleCurrency }) => {
  const name = `${row.currency} on ${row.network}`;
  return (
    <FormDialog
      trigger="Terms"
      triggerLabel={`Terms of ${name}`}
      title={`Terms of ${name}`}
      description="For all accounts."
      submit="Save"
      getChange={(fields) => ({
        method: 'PATCH',
        path: getPath(row),
        body: Object.fromEntries(TERMS.map(([field]) => [field, readText(fields, field)])),
        done: `The terms of ${name} are changed.`,
      })}
    >
      {TERMS.map(([field, label, hint]) => (
        <Field key={field} label={label} hint={hint}>
          {(attributes) => (
            <input
              {...attributes}
              name={field}
              inputMode="decimal"
              defaultValue={row[field]}
              autoComplete="off"
            />
          )}
        </Field>
      ))}
    </FormDialog>
  );
};

interface ToggleProps {
  readonly label: string;
  readonly isOn: boolean;
  readonly isBusy: boolean;
  readonly onChange: (isOn: boolean) => void;
}

const Toggle = ({ label, isOn, isBusy, onChange }: ToggleProps) => (
  <input
    type="checkbox"
    role="switch"
    aria-checked={isOn}
    className="switch"
    aria-label={label}
    checked={isOn}
    disabled={isBusy}
    onChange={(event) => onChange(event.currentTarget.checked)}
  />
);

const CurrencyRow = ({ row }: { readonly row: ConsoleCurrency }) => {
  const { account } = useAccount();
  const change = useChange();
  const { currency, network, deposit_enabled, withdrawal_enabled } = row;
  const name = `${currency} on ${network}`;
  const setAccess = (access: { readonly deposit_enabled?: boolean; readonly withdrawal_enabled?: boolean }) =>
    change.mutate({
      method: 'PUT',
      path: `${getPath(row)}/access`,
      body: { account_id: account, deposit_enabled, withdrawal_enabled, ...access },
      done: `${name} is changed for ${account}.`,
    });
  const setActive = (active: boolean) =>
    change.mutate({
      method: 'PATCH',
      path: getPath(row),
      body: { active },
      done: `${name} is ${active ? 'on' : 'off'} for all accounts.`,
    });
  const toggle = { isBusy: change.isPending };
  return (
    <tr>
      <td>
        <strong>{currency}</strong> <span className="hint">{row.name}</span>
      </td>
      <td>{network}</td>
      <td>
        <Toggle
          {...toggle}
          label={`Deposits of ${name}`}
          isOn={deposit_enabled}
          onChange={(isOn) => setAccess({ deposit_enabled: isOn })}
        />
      </td>
      <td>
        <Toggle
          {...toggle}
          label={`Withdrawals of ${name}`}
          isOn={withdrawal_enabled}
          onChange={(isOn) => setAccess({ withdrawal_enabled: isOn })}
        />
      </td>
      <td>
        <Toggle {...toggle} label={`${name} for all accounts`} isOn={row.active} onChange={setActive} />
      </td>
      <td className="amount">{row.min_withdrawal_amount}</td>
      <td className="amount">
        {row.withdrawal_fee_flat} + {row.withdrawal_fee_percent} %
      </td>
      <td>
        <ChangeTerms row={row} />
      </td>
    </tr>
  );
};

/** What the account can deposit and withdraw, and on which terms. */
export default function CurrenciesPage() {
  const { account } = useAccount();
  const query = useCurrencies();
  return (
    <>
      <PageTitle title="Currencies" />
      <Section title={`Currencies of ${account}`} hint="Off leaves balances as they are.">
        <Loaded query={query}>
          {(rows) => (
            <RowTable
              rows={rows}
              label="Currencies"
              columns={[
                ...['Currency', 'Network', 'Deposits', 'Withdrawals', 'All accounts'],
                ['Smallest withdrawal', 'end'],
                ['Fee', 'end'],
                'Terms',
              ]}
              empty={
                <Empty title="No currency.">
                  <p>Add one with npm run gateway:currencies -- add.</p>
                </Empty>
              }
            >
              {(row) => <CurrencyRow key={getPath(row)} row={row} />}
            </RowTable>
          )}
        </Loaded>
      </Section>
    </>
  );
}
