import { Link } from 'wouter';
import { useAccount } from '../../account.ts';
import type { ConsoleWebhook } from '../../api.ts';
import { useChange, useRead } from '../../client.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/controls.tsx';
import { Empty, Loaded, Section } from '../../components/page.tsx';
import { RowTable } from '../../components/table.tsx';
import { Time } from '../../components/values.tsx';
import { AddWebhook, ChooseEvents, RemoveWebhook, TestEvent } from './endpoint-dialogs.tsx';

const WebhookRow = ({ webhook }: { readonly webhook: ConsoleWebhook }) => {
  const change = useChange();
  const { id, url, events, failures, suspended_until, dead } = webhook;
  return (
    <tr>
      <td className="mono">{id}</td>
      <td className="wrap">
        <code>{url}</code>
        <br />
        <span className="hint">{events?.join(', ') ?? 'all events'}</span>
      </td>
      <td>
        {suspended_until === null ? (
          <Badge tone={failures === 0 ? 'good' : 'wait'}>
            {failures === 0 ? 'ok' : `${failures} without response`}
          </Badge>
        ) : (
          <>
            <Badge tone="bad">suspended</Badge> <Time at={suspended_until} />
          </>
        )}
      </td>
      {(['pending', 'dead'] as const).map((status) => (
        <td key={status} className="amount">
          <a
            href={`#/webhooks/deliveries?status=${status}&endpoint=${id}`}
            aria-label={`${webhook[status]} ${status} deliveries of webhook ${id}`}
          >
            {webhook[status]}
          </a>
        </td>
      ))}
      <td>
        <div className="row-actions">
          <TestEvent webhook={webhook} />
          <ChooseEvents webhook={webhook} />
          {suspended_until === null ? null : (
            <Button
              onClick={() =>
                change.mutate({ path: `/webhooks/${id}/resume`, done: 'The endpoint is resumed.' })
              }
            >
              Resume
            </Button>
          )}
          {dead === 0 ? null : (
            <Button
              onClick={() =>
                change.mutate({ path: `/webhooks/${id}/requeue`, done: `${dead} event(s) are due.` })
              }
            >
              Requeue {dead}
            </Button>
          )}
          <RemoveWebhook webhook={webhook} />
        </div>
      </td>
    </tr>
  );
};

/** The endpoints of the account, and the form for a new one. */
export const Endpoints = () => {
  const { account } = useAccount();
  const query = useRead<readonly ConsoleWebhook[]>('/webhooks');
  return (
    <Section
      title="Endpoints"
      hint="Every event of the account is sent to each of them, signed."
      actions={<AddWebhook />}
    >
      <Loaded query={query}>
        {(webhooks) => (
          <RowTable
            rows={webhooks.filter((webhook) => webhook.account_id === account)}
            label="Endpoints"
            columns={['Id', 'URL and events', 'State', ['Pending', 'end'], ['Dead', 'end'], 'Actions']}
            empty={
              <Empty title="No endpoint yet.">
                <p>
                  Add the URL of your service, or{' '}
                  <Link href="/webhooks/receiver">use the built-in receiver</Link>.
                </p>
              </Empty>
            }
          >
            {(webhook) => <WebhookRow key={webhook.id} webhook={webhook} />}
          </RowTable>
        )}
      </Loaded>
    </Section>
  );
};
