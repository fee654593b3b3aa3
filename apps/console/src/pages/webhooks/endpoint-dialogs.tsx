import type { WebhookEventName } from '@cpg/protocol';
import { useAccount } from '../../account.ts';
import type { ConsoleWebhook, CreatedWebhook } from '../../api.ts';
import { Checkboxes, Field, readCheckboxes, readText } from '../../components/controls.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { SecretOnce } from '../../components/values.tsx';

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
  const chosen = readCheckboxes(fields, 'event', EVENTS);
  return chosen.length === EVENTS.length ? null : chosen;
};

const EventCheckboxes = ({ chosen }: { readonly chosen: readonly string[] | null }) => (
  <Checkboxes legend="Events" name="event" values={EVENTS} chosen={chosen ?? EVENTS} />
);

export const AddWebhook = () => {
  const { account } = useAccount();
  return (
    <FormDialog<CreatedWebhook>
      kind="primary"
      trigger="Add an endpoint"
      title="Add an endpoint"
      description={`For the events of ${account}. The signing secret is shown once.`}
      submit="Add"
      getChange={(fields) => ({
        path: '/webhooks',
        body: { account_id: account, url: readText(fields, 'url'), events: readEvents(fields) },
      })}
      result={(created) => (
        <SecretOnce name={`The signing secret of ${created.url}.`} secret={created.secret} />
      )}
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
      <EventCheckboxes chosen={null} />
    </FormDialog>
  );
};

export const ChooseEvents = ({ webhook }: { readonly webhook: ConsoleWebhook }) => (
  <FormDialog
    trigger="Events"
    triggerLabel={`Events of webhook ${webhook.id}`}
    title={`Events of webhook ${webhook.id}`}
    submit="Save"
    getChange={(fields) => ({
      method: 'PATCH',
      path: `/webhooks/${webhook.id}`,
      body: { events: readEvents(fields) },
      done: 'The events are changed.',
    })}
  >
    <EventCheckboxes chosen={webhook.events} />
  </FormDialog>
);

export const TestEvent = ({ webhook }: { readonly webhook: ConsoleWebhook }) => (
  <FormDialog
    trigger="Test"
    triggerLabel={`Test webhook ${webhook.id}`}
    title="Send a test event"
    description="Signed and retried as a real one. Its ids are 0: it is about no money."
    submit="Send"
    getChange={(fields) => ({
      path: `/webhooks/${webhook.id}/test`,
      body: { event: readText(fields, 'event') },
      done: 'The test event is on its way.',
    })}
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

export const RemoveWebhook = ({ webhook }: { readonly webhook: ConsoleWebhook }) => (
  <FormDialog
    kind="danger"
    trigger="Remove"
    triggerLabel={`Remove webhook ${webhook.id}`}
    title={`Remove ${webhook.url}?`}
    description={`Its ${webhook.pending} undelivered event(s) and its log are removed too.`}
    submit="Remove"
    getChange={() => ({
      method: 'DELETE',
      path: `/webhooks/${webhook.id}`,
      done: 'The endpoint is removed.',
    })}
  />
);
