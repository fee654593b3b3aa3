import { PERMISSIONS } from '@cpg/protocol';
import { useAccount } from '../../account.ts';
import type { ConsoleKey } from '../../api.ts';
import { useRead } from '../../client.ts';
import { Badge } from '../../components/badge.tsx';
import { Empty, Loaded, PageTitle, Section } from '../../components/page.tsx';
import { RowTable } from '../../components/table.tsx';
import { formatDistance, formatDuration } from '../../format.ts';
import { useClock } from '../../live.ts';
import { ChangeKey, CreateKey, RevokeKey, RotateKey } from './key-dialogs.tsx';

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
    <td className="narrow">
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
          {(keys) => (
            <RowTable
              rows={keys.filter((key) => key.account_id === account)}
              label="API keys"
              columns={['Key', 'May', 'Requests in the last minute', 'Actions']}
              empty={
                <Empty title="No key yet.">
                  <p>Create one, then sign a request with its secret: it appears under Requests.</p>
                </Empty>
              }
            >
              {(row) => <KeyRow key={row.key_id} row={row} />}
            </RowTable>
          )}
        </Loaded>
      </Section>
    </>
  );
}
