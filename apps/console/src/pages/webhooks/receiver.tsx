import { useAccount } from '../../account.ts';
import type { ReceivedWebhook, Receiver } from '../../api.ts';
import { useChange, useRead } from '../../client.ts';
import { Badge, StatusCode } from '../../components/badge.tsx';
import { Button, Field } from '../../components/controls.tsx';
import { Loaded, Section } from '../../components/page.tsx';
import { Code, Time } from '../../components/values.tsx';

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

/** The built-in receiver and what it received. */
export const ReceiverPanel = () => {
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
