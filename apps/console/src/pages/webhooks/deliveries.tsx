import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useAccount } from '../../account.ts';
import type { ConsoleDelivery, ConsoleWebhook, DeliveryAttempt, DeliveryDetail } from '../../api.ts';
import { useChange, useRead } from '../../client.ts';
import { Badge, StatusCode } from '../../components/badge.tsx';
import { Button, Choice } from '../../components/controls.tsx';
import { Empty, Loaded, Section } from '../../components/page.tsx';
import { PagedTable, usePages } from '../../components/table.tsx';
import { Code, Time } from '../../components/values.tsx';
import { formatCount, formatMs } from '../../format.ts';

/** One attempt; its request and response open below. */
const Attempt = ({ attempt, number, body, isLatest }: AttemptProps) => {
  // A later attempt does not close the one that is read.
  const [isOpen] = useState(isLatest);
  const { request_head, response_head, response_body, response_is_cut } = attempt;
  return (
    <details className="received" open={isOpen}>
      <summary>
        <strong>Attempt {number}</strong> <StatusCode status={attempt.response_status} />{' '}
        <Time at={attempt.attempted_at} /> <span className="hint">took {formatMs(attempt.duration_ms)}</span>
      </summary>
      {attempt.error === null ? null : (
        <p>
          <Badge tone="bad">no response</Badge> {attempt.error}
        </p>
      )}
      <h3>Request</h3>
      {request_head === null ? (
        <p className="hint">Nothing was sent, or its head is not kept.</p>
      ) : (
        <Code label={`the request of attempt ${number}`} text={`${request_head}\n\n${body}`} />
      )}
      <h3>Response</h3>
      {response_head === null ? (
        <p className="hint">None.</p>
      ) : (
        <>
          <Code
            label={`the response of attempt ${number}`}
            text={response_body ? `${response_head}\n\n${response_body}` : response_head}
          />
          {response_is_cut === true ? <p className="hint">Only the start of the body is kept.</p> : null}
        </>
      )}
    </details>
  );
};

interface AttemptProps {
  readonly attempt: DeliveryAttempt;
  readonly number: number;
  readonly body: string;
  readonly isLatest: boolean;
}

const DeliveryView = ({ id }: { readonly id: string }) => {
  const query = useRead<DeliveryDetail>(`/deliveries/${id}`);
  const change = useChange();
  const [, open] = useLocation();
  const actions = (
    <>
      <Button
        disabled={change.isPending}
        onClick={() => change.mutate({ path: `/deliveries/${id}/requeue`, done: 'The delivery is due.' })}
      >
        Send again
      </Button>
      <Button kind="quiet" onClick={() => open('/webhooks/deliveries')} aria-label="Close the delivery">
        ×
      </Button>
    </>
  );
  return (
    <Section title="Delivery" hint={id} actions={actions}>
      <div className="stack">
        <Loaded query={query}>
          {({ event, url, status, next_attempt_at, body, attempts }) => (
            <>
              <p>
                <strong>{event}</strong> <Badge>{status}</Badge> <code className="breaks">{url}</code>
              </p>
              {status === 'pending' ? (
                <p className="hint">
                  Next attempt <Time at={next_attempt_at} />
                </p>
              ) : null}
              {attempts.length === 0 ? (
                <>
                  <p className="hint">No attempt yet: the first is made when the delivery is due.</p>
                  <Code label="the body of the webhook" text={body} />
                </>
              ) : (
                attempts
                  .map((attempt, index) => (
                    <Attempt
                      key={`${attempt.attempted_at} ${index}`}
                      attempt={attempt}
                      number={index + 1}
                      body={body}
                      isLatest={index === attempts.length - 1}
                    />
                  ))
                  .reverse()
              )}
            </>
          )}
        </Loaded>
      </div>
    </Section>
  );
};

const STATUSES = ['pending', 'delivered', 'dead'] as const;

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
    <td className="narrow">
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

/** The button that sends every failed delivery of an endpoint again. */
const RequeueFailed = ({ webhook }: { readonly webhook: ConsoleWebhook }) => {
  const change = useChange<{ readonly requeued: number }>();
  const { id, dead } = webhook;
  return (
    <Button
      disabled={dead === 0 || change.isPending}
      onClick={() =>
        change.mutate({
          path: `/webhooks/${id}/requeue`,
          done: `${formatCount(dead, 'failed delivery', 'failed deliveries')} of webhook ${id} are due.`,
        })
      }
    >
      Requeue all failed ({dead})
    </Button>
  );
};

/** The delivery log, with the delivery that is open above it. */
export const Deliveries = ({ openId }: { readonly openId: string | undefined }) => {
  const { account } = useAccount();
  // Links from other pages filter: `#/webhooks/deliveries?status=dead`.
  const [location] = useLocation();
  const given = new URLSearchParams(location.split('?')[1]);
  const [status, setStatus] = useState(given.get('status') ?? '');
  const [endpoint, setEndpoint] = useState(given.get('endpoint') ?? '');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const change = useChange<{ readonly requeued: number }>();
  const webhooks = useRead<readonly ConsoleWebhook[]>('/webhooks').data?.filter(
    (webhook) => webhook.account_id === account,
  );
  const filters = Object.entries({ status, endpoint }).filter(([, value]) => value !== '');
  const pages = usePages<ConsoleDelivery>('/deliveries', Object.fromEntries(filters));
  const shown = pages.query.data?.rows.map(({ id }) => id) ?? [];
  const isAllChosen = shown.length > 0 && shown.every((id) => chosen.includes(id));
  const toggle = (id: string) =>
    setChosen((ids) => (ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]));
  const and = (set: (value: string) => void) => (value: string) => {
    pages.restart();
    setChosen([]);
    set(value);
  };
  const requeue = () =>
    change.mutate({
      path: '/deliveries/requeue',
      body: { ids: chosen },
      done: `${formatCount(chosen.length, 'delivery', 'deliveries')} due.`,
      onDone: () => setChosen([]),
    });
  const filtered = webhooks?.find((webhook) => String(webhook.id) === endpoint);
  const actions = (
    <>
      <Choice label="Status" values={STATUSES} value={status} onChange={and(setStatus)} />
      <Choice
        label="Endpoint"
        values={webhooks?.map(({ id }) => String(id)) ?? []}
        names={webhooks?.map(({ id, url }) => `${id}: ${url}`) ?? []}
        value={endpoint}
        onChange={and(setEndpoint)}
      />
      {filtered === undefined ? null : <RequeueFailed webhook={filtered} />}
      <Button onClick={() => setChosen(isAllChosen ? [] : shown)} disabled={shown.length === 0}>
        {isAllChosen ? 'Choose none' : 'Choose all'}
      </Button>
      <Button onClick={requeue} disabled={chosen.length === 0 || change.isPending}>
        Requeue {chosen.length || ''}
      </Button>
    </>
  );
  return (
    <>
      {openId === undefined ? null : <DeliveryView key={openId} id={openId} />}
      <Section
        title="Delivery log"
        hint="Open one for its attempts, or choose some to send them again."
        actions={actions}
      >
        <PagedTable
          pages={pages}
          label="Deliveries"
          columns={['Choose', 'Event', 'Status', ['Attempts', 'end'], 'Last response', 'Next attempt']}
          empty={
            <Empty title="No delivery here.">
              <p>Send a test event, or make a deposit: each event is a delivery to each endpoint.</p>
            </Empty>
          }
        >
          {(delivery) => (
            <DeliveryRow
              key={delivery.id}
              delivery={delivery}
              isChosen={chosen.includes(delivery.id)}
              onChoose={() => toggle(delivery.id)}
            />
          )}
        </PagedTable>
      </Section>
    </>
  );
};
