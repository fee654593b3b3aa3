import { PERMISSIONS } from '@cpg/protocol';
import { useState } from 'react';
import { useAccount } from '../account.ts';
import type { ConsoleKey, CreatedKey } from '../api.ts';
import { type CallError, useChange, useRead } from '../client.ts';
import { formatDistance, formatDuration } from '../format.ts';
import { useClock } from '../live.ts';
import {
  Badge,
  Empty,
  Field,
  FormDialog,
  Loaded,
  PageTitle,
  SecretOnce,
  Section,
  Short,
  Table,
} from '../ui.tsx';

const readSettings = (fields: FormData) => ({
  label: String(fields.get('label')).trim(),
  permissions: PERMISSIONS.filter((permission) => fields.getAll('permission').includes(permission)),
  source_ips: String(fields.get('source_ips'))
    .split(/[\s,]+/)
    .filter(Boolean),
  rate_limit_per_minute: Number(fields.get('rate_limit')),
});

const PermissionFields = ({ chosen }: { readonly chosen: readonly string[] }) => (
  <fieldset>
    <legend>Permissions</legend>
    {PERMISSIONS.map((permission) => (
      <label key={permission} className="check">
        <input
          type="checkbox"
          name="permission"
          value={permission}
          defaultChecked={chosen.includes(permission)}
        />
        {permission.replaceAll('_', ' ')}
      </label>
    ))}
  </fieldset>
);

const SettingFields = ({ settings }: { readonly settings?: ConsoleKey }) => (
  <>
    <Field label="Label" hint="For people: which program uses the key.">
      {(attributes) => (
        <input {...attributes} name="label" defaultValue={settings?.label} autoComplete="off" />
      )}
    </Field>
    <PermissionFields chosen={settings?.permissions ?? PERMISSIONS} />
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

/** A dialog that shows the secret that the gateway made, until it is closed. */
const useSecretDialog = () => {
  const change = useChange<CreatedKey>();
  const [created, setCreated] = useState<CreatedKey | null>(null);
  const reset = () => {
    setCreated(null);
    change.reset();
  };
  return { change, created, setCreated, reset, error: change.error as CallError | null };
};

const CreateKey = () => {
  const { account } = useAccount();
  const { change, created, setCreated, reset, error } = useSecretDialog();
  return (
    <FormDialog
      kind="primary"
      trigger="Create a key"
      title="Create an API key"
      description={`For account ${account}. The secret is shown once.`}
      submit="Create"
      onOpen={reset}
      error={error}
      isBusy={change.isPending}
      result={created === null ? null : <Secret created={created} />}
      onSubmit={(fields) =>
        change.mutate({
          path: '/keys',
          body: { account_id: account, ...readSettings(fields) },
          onDone: setCreated,
        })
      }
    >
      <SettingFields />
    </FormDialog>
  );
};

const RotateKey = ({ id }: { readonly id: string }) => {
  const { change, created, setCreated, reset, error } = useSecretDialog();
  const [hours, setHours] = useState(24);
  return (
    <FormDialog
      trigger="Rotate"
      triggerLabel={`Rotate ${id}`}
      title={`Rotate ${id}`}
      description="Makes a new secret. The current one keeps working during the overlap."
      submit="Rotate"
      onOpen={reset}
      error={error}
      isBusy={change.isPending}
      result={
        created === null ? null : <Secret created={created} overlap={formatDuration(hours * 3_600_000)} />
      }
      onSubmit={(fields) => {
        const overlap = Number(fields.get('overlap'));
        setHours(overlap);
        const path = `/keys/${encodeURIComponent(id)}/rotate`;
        change.mutate({ path, body: { overlap_hours: overlap }, onDone: setCreated });
      }}
    >
      <Field label="Overlap in hours" hint="0: the current secret stops working now.">
        {(attributes) => <input {...attributes} name="overlap" type="number" min={0} defaultValue={24} />}
      </Field>
    </FormDialog>
  );
};

const ChangeKey = ({ row }: { readonly row: ConsoleKey }) => {
  const change = useChange();
  return (
    <FormDialog
      trigger="Change"
      triggerLabel={`Change ${row.key_id}`}
      title={`Change ${row.key_id}`}
      submit="Save"
      onOpen={() => change.reset()}
      error={change.error}
      isBusy={change.isPending}
      onSubmit={(fields, close) =>
        change.mutate({
          method: 'PATCH',
          path: `/keys/${encodeURIComponent(row.key_id)}`,
          body: readSettings(fields),
          done: 'The key is changed.',
          onDone: close,
        })
      }
    >
      <SettingFields settings={row} />
    </FormDialog>
  );
};

const RevokeKey = ({ id }: { readonly id: string }) => {
  const change = useChange();
  return (
    <FormDialog
      kind="danger"
      trigger="Revoke"
      triggerLabel={`Revoke ${id}`}
      title={`Revoke ${id}?`}
      description="Requests with this key are rejected within two seconds. This cannot be undone."
      submit="Revoke"
      error={change.error}
      isBusy={change.isPending}
      onSubmit={(_fields, close) =>
        change.mutate({
          path: `/keys/${encodeURIComponent(id)}/revoke`,
          done: 'The key is revoked.',
          onDone: close,
        })
      }
    />
  );
};

const State = ({ row }: { readonly row: ConsoleKey }) => {
  const { now } = useClock();
  if (row.revoked_at !== null) return <Badge>revoked</Badge>;
  if (row.overlap_until === null) return <Badge>active</Badge>;
  return (
    <>
      <Badge>overlap</Badge>{' '}
      <span className="hint nowrap">
        both secrets for {formatDuration(new Date(row.overlap_until).getTime() - now)}
      </span>
    </>
  );
};

/** The requests of the last minute against the limit. */
const Use = ({ row }: { readonly row: ConsoleKey }) => (
  <span className="use">
    <meter
      min={0}
      max={row.rate_limit_per_minute}
      high={row.rate_limit_per_minute * 0.9}
      value={row.requests_last_minute}
      aria-label={`Requests of ${row.key_id} in the last minute`}
    />
    <span className="amount">
      {row.requests_last_minute} of {row.rate_limit_per_minute}
    </span>
  </span>
);

const LastUse = ({ at }: { readonly at: string | null }) => {
  const { now } = useClock();
  return <span className="hint">{at === null ? 'not since the start' : formatDistance(at, now)}</span>;
};

const KeyRow = ({ row }: { readonly row: ConsoleKey }) => (
  <tr>
    <td>
      <strong>{row.label === '' ? <span className="hint">no label</span> : row.label}</strong>{' '}
      <State row={row} />
      <br />
      <code>{row.key_id}</code>
    </td>
    <td className="wrap">
      {row.permissions.length === PERMISSIONS.length
        ? 'all'
        : row.permissions.join(', ').replaceAll('_', ' ') || 'none'}
      <br />
      <span className="hint">from {row.source_ips?.join(', ') ?? 'any address'}</span>
    </td>
    <td>
      <Use row={row} />
      <LastUse at={row.last_used_at} />
    </td>
    <td>
      {row.revoked_at === null ? (
        <div className="row-actions">
          <ChangeKey row={row} />
          <RotateKey id={row.key_id} />
          <RevokeKey id={row.key_id} />
        </div>
      ) : null}
    </td>
  </tr>
);

/** The API keys of the account. */
export default function KeysPage() {
  const { account } = useAccount();
  const query = useRead<readonly ConsoleKey[]>('/keys');
  return (
    <>
      <PageTitle title="API keys">
        <CreateKey />
      </PageTitle>
      <Section
        title={`Keys of ${account}`}
        hint="A key signs requests for one account. Its secret is shown once."
      >
        <Loaded query={query}>
          {(keys) => {
            const own = keys.filter((key) => key.account_id === account);
            return own.length === 0 ? (
              <Empty title="No key yet.">
                <p>Create one, then sign a request with its secret: it appears under Requests.</p>
              </Empty>
            ) : (
              <Table label="API keys" columns={['Key', 'May', 'Requests in the last minute', 'Actions']}>
                {own.map((row) => (
                  <KeyRow key={row.key_id} row={row} />
                ))}
              </Table>
            );
          }}
        </Loaded>
      </Section>
    </>
  );
}
