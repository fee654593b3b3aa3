import type { WebhookEventName } from '@cpg/protocol';
import { useState } from 'react';
import { Link, useLocation, useRoute } from 'wouter';
import { useAccount } from '../account.ts';
import type {
  ConsoleDelivery,
  ConsoleWebhook,
  CreatedWebhook,
  DeliveryDetail,
  ReceivedWebhook,
  Receiver,
} from '../api.ts';
import { useChange, useRead } from '../client.ts';
import { formatMs } from '../format.ts';
import {
  Badge,
  Button,
  Code,
  Empty,
  Field,
  FormDialog,
  Loaded,
  PageTitle,
  SecretOnce,
  Section,
  StatusCode,
  Table,
  Time,
} from '../ui.tsx';

/** Every event: the compiler rejects a list that lacks one. */
const EVENTS = Object.keys({
  'deposit.detected': true,
  'deposit.confirmed': true,
  'deposit.swept': true,
  'withdrawal.broadcasted': true,
  'withdrawal.confirmed': true,
  'withdrawal.failed': true,
} satisfies Record<WebhookEventName, true>) as WebhookEventName[];

/** `null`, which is all events and those of later versions, when all are chosen. */
const readEvents = (fields: FormData): readonly WebhookEventName[] | null => {
  const chosen = EVENTS.filter((event) => fields.getAll('event').includes(event));
  return chosen.length === EVENTS.length ? null : chosen;
};

const EventFields = ({ chosen }: { readonly chosen: readonly string[] | null }) => (
  <fieldset>
    <legend>Events</legend>
    {EVENTS.map((event) => (
      <label key={event} className="check">
        <input type="checkbox" name="event" value={event} defaultChecked={chosen?.includes(event) ?? true} />
        {event}
      </label>
    ))}
  </fieldset>
);

const AddWebhook = () => {
  const { account } = useAccount();
  const change = useChange<CreatedWebhook>();
  const [created, setCreated] = useState<CreatedWebhook | null>(null);
  return (
    <FormDialog
      kind="primary"
      trigger="Add an endpoint"
      title="Add an endpoint"
      description={`For the events of ${account}. The signing secret is shown once.`}
      submit="Add"
      onOpen={() => {
        setCreated(null);
        change.reset();
      }}
      error={change.error}
      isBusy={change.isPending}
      result={
        created === null ? null : (
          <SecretOnce name={`The signing secret of ${created.url}.`} secret={created.secret} />
        )
      }
      onSubmit={(fields) =>
        change.mutate({
          path: '/webhooks',
          body: { account_id: account, url: String(fields.get('url')).trim(), events: readEvents(fields) },
          onDone: setCreated,
        })
      }
    >
      <Field label="URL" hint="https on port 443 or 8443; on this machine also http, with any port.">
        {(attributes) => (
          <input
            {...attributes}
            name="url"
            inputMode="url"
            placeholder="https://"
            autoComplete="off"
            required
          />
        )}
      </Field>
      <EventFields chosen={null} />
    </FormDialog>
  );
};

const ChooseEvents = ({ webhook }: { readonly webhook: ConsoleWebhook }) => {
  const change = useChange();
  return (
    <FormDialog
      trigger="Events"
      triggerLabel={`Events of webhook ${webhook.id}`}
      title={`Events of webhook ${webhook.id}`}
      submit="Save"
      onOpen={() => change.reset()}
      error={change.error}
      isBusy={change.isPending}
      onSubmit={(fields, close) =>
        change.mutate({
          method: 'PATCH',
          path: `/webhooks/${webhook.id}`,
          body: { events: readEvents(fields) },
          done: 'The events are changed.',
          onDone: close,
        })
      }
    >
      <EventFields chosen={webhook.events} />
    </FormDialog>
  );
};

const TestEvent = ({ webhook }: { readonly webhook: ConsoleWebhook }) => {
  const change = useChange();
  return (
    <FormDialog
      trigger="Test"
      triggerLabel={`Test webhook ${webhook.id}`}
      title="Send a test event"
      description="Signed and retried as a real one. Its ids are 0: it is about no money."
      submit="Send"
      error={change.error}
      isBusy={change.isPending}
      onSubmit={(fields, close) =>
        change.mutate({
          path: `/webhooks/${webhook.id}/test`,
          body: { event: String(fields.get('event')) },
          done: 'The test event is on its way.',
          onDone: close,
        })
      }
    >
      <Field label="Event">
        {(attributes) => (
          <select {...attributes} name="event" defaultValue="deposit.confirmed">
            {EVENTS.map((event) => (
              <option key={event}>{event}</option>
            ))}
          </select>
        )}
      </Field>
    </FormDialog>
  );
};

const RemoveWebhook = ({ webhook }: { readonly webhook: ConsoleWebhook }) => {
  const change = useChange();
  return (
    <FormDialog
      kind="danger"
      trigger="Remove"
      triggerLabel={`Remove webhook ${webhook.id}`}
      title={`Remove ${webhook.url}?`}
      description={`Its ${webhook.pending} undelivered event(s) and its log are removed too.`}
      submit="Remove"
      error={change.error}
      isBusy={change.isPending}
      onSubmit={(_fields, close) =>
        change.mutate({
          method: 'DELETE',
          path: `/webhooks/${webhook.id}`,
          done: 'The endpoint is removed.',
          onDone: close,
        })
      }
    />
  );
};

const WebhookRow = ({ webhook }: { readonly webhook: ConsoleWebhook }) => {
  const change = useChange();
  const { id, url, events, failures, suspended_until, pending, dead } = webhook;
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
      <td className="amount">{pending}</td>
      <td className="amount">{dead}</td>
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

const Endpoints = () => {
  const { account } = useAccount();
  const query = useRead<readonly ConsoleWebhook[]>('/webhooks');
  return (
    <Section
      title="Endpoints"
      hint="Every event of the account is sent to each of them, signed."
      actions={<AddWebhook />}
    >
      <Loaded query={query}>
        {(webhooks) => {
          const own = webhooks.filter((webhook) => webhook.account_id === account);
          return own.length === 0 ? (
            <Empty title="No endpoint yet.">
              <p>
                Add the URL of your service, or{' '}
                <Link href="/webhooks/receiver">use the built-in receiver</Link>.
              </p>
            </Empty>
          ) : (
            <Table
              label="Endpoints"
              columns={['Id', 'URL and events', 'State', ['Pending', 'end'], ['Dead', 'end'], 'Actions']}
            >
              {own.map((webhook) => (
                <WebhookRow key={webhook.id} webhook={webhook} />
              ))}
            </Table>
          );
        }}
      </Loaded>
    </Section>
  );
};

const DeliveryView = ({ id }: { readonly id: string }) => {
  const query = useRead<DeliveryDetail>(`/deliveries/${id}`);
  return (
    <Section title="Delivery" hint={id}>
      <div className="stack">
        <Loaded query={query}>
          {({ head, body, attempts }) => (
            <>
              <h3>Request</h3>
              <Code label="the head of the webhook" text={head} />
              <Code label="the body of the webhook" text={body} />
              <h3>Attempts</h3>
              {attempts.length === 0 ? (
                <p className="hint">None yet: the first is made when the delivery is due.</p>
              ) : (
                <Table label="Attempts" columns={['When', 'Response', ['Took', 'end']]}>
                  {attempts.map((attempt) => (
                    <tr key={attempt.attempted_at}>
                      <td>
                        <Time at={attempt.attempted_at} />
                      </td>
                      <td className="wrap">
                        <StatusCode status={attempt.response_status} /> {attempt.error}
                      </td>
                      <td className="amount">{formatMs(attempt.duration_ms)}</td>
                    </tr>
                  ))}
                </Table>
              )}
            </>
          )}
        </Loaded>
      </div>
    </Section>
  );
};

const STATUSES = ['all', 'pending', 'delivered', 'dead'] as const;

const DeliveryRow = ({
  delivery,
  isChosen,
  onChoose,
}: {
  readonly delivery: ConsoleDelivery;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}) => (
  <tr>
    <td>
      <input
        type="checkbox"
        checked={isChosen}
        onChange={onChoose}
        aria-label={`Choose event ${delivery.event_id}`}
      />
    </td>
    <td>
      <Link href={`/webhooks/deliveries/${delivery.id}`}>{delivery.event}</Link>{' '}
      <span className="hint mono">{delivery.event_id}</span>
      <br />
      <code className="hint">{delivery.url}</code>
    </td>
    <td>
      <Badge>{delivery.status}</Badge>
    </td>
    <td className="amount">{delivery.attempts}</td>
    <td className="wrap">
      {delivery.attempted_at === null ? (
        <span className="hint">no attempt yet</span>
      ) : (
        <>
          <StatusCode status={delivery.response_status} /> {delivery.error}
        </>
      )}
    </td>
    <td>
      {delivery.status === 'pending' ? (
        <Time at={delivery.next_attempt_at} />
      ) : (
        <span className="hint">none</span>
      )}
    </td>
  </tr>
);

const Deliveries = ({ openId }: { readonly openId: string | undefined }) => {
  const [status, setStatus] = useState<(typeof STATUSES)[number]>('all');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const change = useChange<{ readonly requeued: number }>();
  const query = useRead<readonly ConsoleDelivery[]>(
    `/deliveries${status === 'all' ? '' : `?status=${status}`}`,
  );
  const toggle = (id: string) =>
    setChosen((ids) => (ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]));
  const requeue = () =>
    change.mutate({
      path: '/deliveries/requeue',
      body: { ids: chosen },
      done: `${chosen.length} delivery(s) are due.`,
      onDone: () => setChosen([]),
    });
  const actions = (
    <>
      <select
        aria-label="Status"
        value={status}
        onChange={(event) => setStatus(event.currentTarget.value as (typeof STATUSES)[number])}
      >
        {STATUSES.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <Button onClick={requeue} disabled={chosen.length === 0 || change.isPending}>
        Requeue {chosen.length || ''}
      </Button>
    </>
  );
  return (
    <>
      {openId === undefined ? null : <DeliveryView id={openId} />}
      <Section title="Delivery log" hint="The latest 100. Choose some to send them again." actions={actions}>
        <Loaded query={query}>
          {(deliveries) =>
            deliveries.length === 0 ? (
              <Empty title="No delivery here.">
                <p>Send a test event, or make a deposit: each event is a delivery to each endpoint.</p>
              </Empty>
            ) : (
              <Table
                label="Deliveries"
                columns={['Choose', 'Event', 'Status', ['Attempts', 'end'], 'Last response', 'Next attempt']}
              >
                {deliveries.map((delivery) => (
                  <DeliveryRow
                    key={delivery.id}
                    delivery={delivery}
                    isChosen={chosen.includes(delivery.id)}
                    onChoose={() => toggle(delivery.id)}
                  />
                ))}
              </Table>
            )
          }
        </Loaded>
      </Section>
    </>
  );
};

const Received = ({ webhook }: { readonly webhook: ReceivedWebhook }) => (
  <details className="received">
    <summary>
      <strong>{webhook.event}</strong> <StatusCode status={webhook.status} />{' '}
      <Badge tone={webhook.verdict === 'valid' ? 'good' : 'bad'}>
        {webhook.verdict === 'valid' ? 'signature valid' : 'signature wrong'}
      </Badge>{' '}
      <Time at={webhook.at} />
    </summary>
    {webhook.verdict === 'valid' ? null : <p>{webhook.verdict}</p>}
    <Code label={`the body of received webhook ${webhook.id}`} text={webhook.body} />
  </details>
);

const ReceiverPanel = () => {
  const { account } = useAccount();
  const query = useRead<Receiver>('/receiver');
  const change = useChange();
  return (
    <Section
      title="Built-in receiver"
      hint="Verifies what it gets and shows it, for those who have no receiver yet."
    >
      <div className="stack">
        <Loaded query={query}>
          {({ url, respond_with, is_registered, received }) => (
            <>
              <div className="row">
                {is_registered ? (
                  <Badge tone="good">receiving</Badge>
                ) : (
                  <Button
                    kind="primary"
                    onClick={() =>
                      change.mutate({
                        path: '/webhooks',
                        body: { account_id: account, url },
                        done: 'The receiver gets every event from now on.',
                      })
                    }
                  >
                    Receive the events of {account}
                  </Button>
                )}
                <Field label="It responds with">
                  {(attributes) => (
                    <select
                      {...attributes}
                      value={respond_with}
                      onChange={(event) =>
                        change.mutate({
                          method: 'PUT',
                          path: '/receiver',
                          body: { respond_with: Number(event.currentTarget.value) },
                        })
                      }
                    >
                      {[200, 400, 410, 500, 503].map((status) => (
                        <option key={status}>{status}</option>
                      ))}
                    </select>
                  )}
                </Field>
              </div>
              {received.length === 0 ? (
                <p className="hint">Nothing received yet. Make a deposit, or send a test event.</p>
              ) : (
                received.map((webhook) => <Received key={webhook.id} webhook={webhook} />)
              )}
            </>
          )}
        </Loaded>
      </div>
    </Section>
  );
};

const TABS = [
  ['/webhooks', 'Endpoints'],
  ['/webhooks/deliveries', 'Delivery log'],
  ['/webhooks/receiver', 'Receiver'],
] as const;

/** Endpoints, their deliveries, and a receiver. */
export default function WebhooksPage() {
  const [location] = useLocation();
  const [, params] = useRoute<{ id: string }>('/webhooks/deliveries/:id');
  return (
    <>
      <PageTitle title="Webhooks" />
      <nav className="subpages" aria-label="Webhooks">
        {TABS.map(([path, name]) => (
          <Link
            key={path}
            href={path}
            aria-current={
              (path === '/webhooks' ? location === path : location.startsWith(path)) ? 'page' : undefined
            }
          >
            {name}
          </Link>
        ))}
      </nav>
      {location === '/webhooks' ? <Endpoints /> : null}
      {location.startsWith('/webhooks/deliveries') ? <Deliveries openId={params?.id} /> : null}
      {location === '/webhooks/receiver' ? <ReceiverPanel /> : null}
    </>
  );
}
