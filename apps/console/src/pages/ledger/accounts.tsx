import { useAccount, useOverview } from '../../account.ts';
import type { ConsoleAccount } from '../../api.ts';
import { Badge } from '../../components/badge.tsx';
import { Button, Field, readText } from '../../components/controls.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Loaded, Section } from '../../components/page.tsx';
import { Table } from '../../components/table.tsx';

const CreateAccount = () => {
  const { select } = useAccount();
  return (
    <FormDialog<{ readonly id: string }>
      kind="primary"
      trigger="Create an account"
      title="Create an account"
      description="It can use every active currency."
      submit="Create"
      getChange={(fields) => ({
        path: '/accounts',
        body: { id: readText(fields, 'id'), name: readText(fields, 'name') },
        done: 'The account is created. Create a key for it under API keys.',
        onDone: ({ id }) => select(id),
      })}
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

/** All accounts: one of them is shown in the console. */
export const Accounts = () => {
  const query = useOverview();
  return (
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
  );
};
