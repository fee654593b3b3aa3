import { useState } from 'react';
import { Link } from 'wouter';
import type { ConsoleDelivery, DeliveryDetail } from '../../api.ts';
import { useChange, useRead } from '../../client.ts';
import { Badge, StatusCode } from '../../components/badge.tsx';
import { Button, Select } from '../../components/controls.tsx';
import { Empty, Loaded, Section } from '../../components/page.tsx';
import { RowTable, Table } from '../../components/table.tsx';
import { Code, Time } from '../../components/values.tsx';
import { formatMs } from '../../format.ts';

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

/** The delivery log, with the delivery that is open above it. */
export const Deliveries = ({ openId }: { readonly openId: string | undefined }) => {
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
      <Select label="Status" values={STATUSES} value={status} onChange={setStatus} />
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
          {(deliveries) => (
            <RowTable
              rows={deliveries}
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
            </RowTable>
          )}
        </Loaded>
      </Section>
    </>
  );
};
