import { PERMISSIONS } from '@cpg/protocol';
import { useState } from 'react';
import { useAccount } from '../../account.ts';
import type { ConsoleKey, CreatedKey } from '../../api.ts';
import { Checkboxes, Field, readCheckboxes, readText } from '../../components/controls.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { SecretOnce, Short } from '../../components/values.tsx';
import { formatDuration } from '../../format.ts';

const readSettings = (fields: FormData) => ({
  label: readText(fields, 'label'),
  permissions: readCheckboxes(fields, 'permission', PERMISSIONS),
  source_ips: readText(fields, 'source_ips')
    .split(/[\s,]+/)
    .filter(Boolean),
  rate_limit_per_minute: Number(fields.get('rate_limit')),
});

const SettingFields = ({ settings }: { readonly settings?: ConsoleKey }) => (
  <>
    <Field label="Label" hint="For people: which program uses the key.">
      {(attributes) => (
        <input {...attributes} name="label" defaultValue={settings?.label} autoComplete="off" />
      )}
    </Field>
    <Checkboxes
      legend="Permissions"
      name="permission"
      values={PERMISSIONS}
      chosen={settings?.permissions ?? PERMISSIONS}
    />
    <Field
      label="Source IPs"
      hint="Addresses and ranges such as 203.0.113.0/24, one a line. Empty: any address."
    >
      {(attributes) => (
        <textarea
          {...attributes}
          name="source_ips"
          rows={2}
          defaultValue={settings?.source_ips?.join('\n')}
        />
      )}
    </Field>
    <Field label="Requests a minute">
      {(attributes) => (
        <input
          {...attributes}
          name="rate_limit"
          type="number"
          min={1}
          defaultValue={settings?.rate_limit_per_minute ?? 600}
        />
      )}
    </Field>
  </>
);

const Secret = ({ created, overlap }: { readonly created: CreatedKey; readonly overlap?: string }) => (
  <SecretOnce name={`The secret of ${created.key_id}.`} secret={created.secret}>
    <p className="hint">
      Key id <Short text={created.key_id} label="the key id" />
      {overlap === undefined ? null : ` The previous secret works for another ${overlap}.`}
    </p>
  </SecretOnce>
);

export const CreateKey = () => {
  const { account } = useAccount();
  return (
    <FormDialog<CreatedKey>
      kind="primary"
      trigger="Create a key"
      title="Create an API key"
      description={`For account ${account}. The secret is shown once.`}
      submit="Create"
      getChange={(fields) => ({
        path: '/keys',
        body: { account_id: account, ...readSettings(fields) },
      })}
      result={(created) => <Secret created={created} />}
    >
      <SettingFields />
    </FormDialog>
  );
};

export const RotateKey = ({ id }: { readonly id: string }) => {
  const [hours, setHours] = useState(24);
  return (
    <FormDialog<CreatedKey>
      trigger="Rotate"
      triggerLabel={`Rotate ${id}`}
      title={`Rotate ${id}`}
      description="Makes a new secret. The current one keeps working during the overlap."
      submit="Rotate"
      getChange={(fields) => {
        const overlap = Number(fields.get('overlap'));
        setHours(overlap);
        const path = `/keys/${encodeURIComponent(id)}/rotate`;
        return { path, body: { overlap_hours: overlap } };
      }}
      result={(created) => <Secret created={created} overlap={formatDuration(hours * 3_600_000)} />}
    >
      <Field label="Overlap in hours" hint="0: the current secret stops working now.">
        {(attributes) => <input {...attributes} name="overlap" type="number" min={0} defaultValue={24} />}
      </Field>
    </FormDialog>
  );
};

export const ChangeKey = ({ row }: { readonly row: ConsoleKey }) => (
  <FormDialog
    trigger="Change"
    triggerLabel={`Change ${row.key_id}`}
    title={`Change ${row.key_id}`}
    submit="Save"
    getChange={(fields) => ({
      method: 'PATCH',
      path: `/keys/${encodeURIComponent(row.key_id)}`,
      body: readSettings(fields),
      done: 'The key is changed.',
    })}
  >
    <SettingFields settings={row} />
  </FormDialog>
);

export const RevokeKey = ({ id }: { readonly id: string }) => (
  <FormDialog
    kind="danger"
    trigger="Revoke"
    triggerLabel={`Revoke ${id}`}
    title={`Revoke ${id}?`}
    description="Requests with this key are rejected within two seconds. This cannot be undone."
    submit="Revoke"
    getChange={() => ({
      path: `/keys/${encodeURIComponent(id)}/revoke`,
      done: 'The key is revoked.',
    })}
  />
);
