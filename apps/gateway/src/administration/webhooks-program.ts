import { WEBHOOK_EVENTS, type WebhookEventName } from '@cpg/protocol';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { inTransaction } from '../database/transactions.ts';
import {
  DELIVERY_POSITION,
  DELIVERY_STATUSES,
  type DeliveryPosition,
  type DeliveryStatus,
  findDelivery,
  formatPosition,
  formatRequestHead,
  listAttempts,
  listDeliveries,
  parsePosition,
  requeueDeadDeliveries,
  requeueDelivery,
} from '../webhooks/deliveries.ts';
import {
  chooseWebhookEvents,
  type ListedWebhook,
  listWebhooks,
  registerWebhook,
  removeWebhook,
  resumeWebhook,
} from '../webhooks/endpoints.ts';
import { sendTestEvent } from '../webhooks/test-events.ts';
import { findWebhookUrlProblem } from '../webhooks/url-rules.ts';
import { assertAccountExists, parseAccountId, parseWholeNumber } from './arguments.ts';
import type { ProgramOptions } from './run-program.ts';

const LIST = 'npm run gateway:webhooks -- list shows the ids';
const LOG = 'npm run gateway:webhooks -- deliveries shows the ids';
const EVENTS = Object.keys(WEBHOOK_EVENTS) as WebhookEventName[];
const DEFAULT_LOGGED = 20;
const MAX_LOGGED = 1_000;

const parseDeliveryId = (text: string): string => {
  if (z.uuid().safeParse(text).success) return text;
  throw new InvalidArgumentError('Expected the id of a delivery, a UUID.');
};

const parseBefore = (text: string): DeliveryPosition => {
  if (DELIVERY_POSITION.test(text)) return parsePosition(text);
  throw new InvalidArgumentError('Expected a position such as 120.3, as the last line of a page shows it.');
};

/** A text of a third party: a terminal would run its control characters. */
const escapeControls = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]/gu, (character) =>
    character === '\n' ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );

interface LogOptions {
  readonly webhook?: number;
  readonly status?: DeliveryStatus;
  readonly limit: number;
  readonly before?: DeliveryPosition;
}

const formatState = ({ failures, suspended_until }: ListedWebhook, now: Date): string => {
  if (suspended_until !== null && suspended_until > now)
    return `suspended until ${suspended_until.toISOString()}`;
  return failures === 0 ? 'ok' : `${failures} attempt(s) without response`;
};

interface AddOptions {
  readonly account: string;
  readonly event?: readonly WebhookEventName[];
}

const assertFound = (isFound: boolean, id: number): void => {
  if (!isFound) throw new Error(`No webhook ${id}. Fix: ${LIST}`);
};

/**
 * The command line of `npm run gateway:webhooks`.
 *
 * @throws Error when a command fails, CommanderError when its arguments are invalid.
 */
export const webhooksProgram = ({ open, print, printSecret }: ProgramOptions): Command => {
  const program = new Command('gateway:webhooks').description('Register, watch and remove webhooks');
  const webhook = () =>
    new Argument('<id>', 'id of the webhook').argParser(parseWholeNumber(1, Number.MAX_SAFE_INTEGER));

  program
    .command('add')
    .description('register a URL for the events of an account, and print its signing secret')
    .argument('<url>', 'https, on port 443 or 8443 of a public host')
    .requiredOption('--account <id>', 'the account', parseAccountId)
    .addOption(new Option('--event <event...>', 'events to send').choices(EVENTS).default(undefined, 'all'))
    .action(async (url: string, { account, event }: AddOptions) => {
      const { db, box, rules } = await open();
      const problem = findWebhookUrlProblem(url, rules);
      if (problem !== undefined) throw new Error(problem);
      await assertAccountExists(db, account, 'npm run gateway:accounts -- list shows the accounts');
      await inTransaction(db, async (transaction) => {
        const webhook = { accountId: account, url, events: event, at: new Date() };
        const { id, secret } = await registerWebhook(transaction, box, webhook);
        await printSecret(`webhook ${id}\nsecret  ${secret}\nStore the secret now: it is not shown again.\n`);
      });
    });

  program
    .command('list')
    .description('list all webhooks with their state and undelivered events')
    .action(async () => {
      const now = new Date();
      for (const row of await listWebhooks((await open()).db)) {
        const undelivered = `${row.pending} pending  ${row.dead} dead`;
        const events = row.events === null ? '' : `  ${row.events.join(' ')}`;
        print(
          `${row.id}  ${row.account_id}  ${row.url}  ${formatState(row, now)}  ${undelivered}${events}\n`,
        );
      }
    });

  program
    .command('resume')
    .description('end a suspension: the next due delivery is attempted at once')
    .addArgument(webhook())
    .action(async (id: number) => {
      const { db } = await open();
      assertFound(await resumeWebhook(db, id), id);
      print(`Webhook ${id} is not suspended.\n`);
    });

  program
    .command('requeue')
    .description('deliver the dead events of a webhook again, on the schedule of a new event')
    .addArgument(webhook())
    .action(async (id: number) => {
      const { db } = await open();
      const requeued = await requeueDeadDeliveries(db, id, new Date());
      assertFound(requeued !== undefined, id);
      print(`${requeued} event(s) of webhook ${id} are due.\n`);
    });

  program
    .command('events')
    .description('choose the events of a webhook')
    .addArgument(webhook())
    .addArgument(new Argument('[event...]', 'events to send; all by default').choices(EVENTS))
    .action(async (id: number, events: readonly WebhookEventName[]) => {
      const { db } = await open();
      assertFound(await chooseWebhookEvents(db, id, events.length === 0 ? null : events), id);
      print(`Webhook ${id} gets ${events.length === 0 ? 'all events' : events.join(' ')}.\n`);
    });

  program
    .command('test')
    .description('send a webhook a test event, about no money')
    .addArgument(webhook())
    .addOption(new Option('--event <event>', 'the event').choices(EVENTS).default('deposit.confirmed'))
    .action(async (id: number, { event }: { readonly event: WebhookEventName }) => {
      const { db } = await open();
      assertFound(await sendTestEvent(db, { endpointId: id, event, at: new Date() }), id);
      print(`A test event ${event} of webhook ${id} is due.\n`);
    });

  program
    .command('deliveries')
    .description('list the deliveries, the newest first, each with its last attempt')
    .addOption(
      new Option('--webhook <id>', 'those of one webhook').argParser(
        parseWholeNumber(1, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(new Option('--status <status>', 'those in a state').choices(DELIVERY_STATUSES))
    .option('--limit <number>', 'how many', parseWholeNumber(1, MAX_LOGGED), DEFAULT_LOGGED)
    .option('--before <position>', 'those older than a position', parseBefore)
    .action(async ({ webhook: endpointId, status, limit, before }: LogOptions) => {
      const { db } = await open();
      const rows = await listDeliveries(db, { endpointId, status, limit, before });
      for (const row of rows) {
        const last = row.response_status ?? escapeControls(row.error ?? 'no attempt yet');
        const next = row.status === 'pending' ? `  next ${row.next_attempt_at.toISOString()}` : '';
        print(
          `${row.id}  ${row.event} ${row.event_id}  webhook ${row.endpoint_id}  ${row.status}  ${row.attempts} attempt(s)  ${last}${next}\n`,
        );
      }
      const last = rows.length === limit ? rows.at(-1) : undefined;
      if (last !== undefined) print(`Older: --before ${formatPosition(last)}\n`);
    });

  const delivery = (name: string) => new Argument(name, 'id of the delivery').argParser(parseDeliveryId);

  program
    .command('delivery')
    .description('show a delivery with its attempts, request and response of each')
    .addArgument(delivery('<delivery id>'))
    .action(async (id: string) => {
      const { db } = await open();
      const found = await findDelivery(db, id);
      if (found === undefined) throw new Error(`No delivery ${id}. Fix: ${LOG}`);
      print(`${found.event}  ${found.url}  ${found.status}\n`);
      for (const [index, attempt] of (await listAttempts(db, id)).entries()) {
        const { attempted_at, error, duration_ms, request_timestamp, response_head, response_body } = attempt;
        print(`\nAttempt ${index + 1} at ${attempted_at.toISOString()}, ${duration_ms} ms\n`);
        if (request_timestamp !== null)
          print(`\n${formatRequestHead(found, request_timestamp)}\n\n${found.body}\n`);
        if (response_head !== null) print(`\n${escapeControls(`${response_head}\n\n${response_body}`)}\n`);
        if (error !== null) print(`\nNo response: ${escapeControls(error)}\n`);
      }
    });

  program
    .command('redeliver')
    .description('send one or more deliveries again, on the schedule of a new event')
    .argument(
      '<delivery id...>',
      'ids of the deliveries',
      (text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), parseDeliveryId(text)],
    )
    .action(async (ids: readonly string[]) => {
      const { db } = await open();
      for (const id of ids) {
        if (!(await requeueDelivery(db, id, new Date()))) throw new Error(`No delivery ${id}. Fix: ${LOG}`);
        print(`Delivery ${id} is due.\n`);
      }
    });

  program
    .command('remove')
    .description('remove a webhook and its undelivered events')
    .addArgument(webhook())
    .action(async (id: number) => {
      const { db } = await open();
      assertFound(await removeWebhook(db, id), id);
      print(`Webhook ${id} is removed.\n`);
    });

  return program;
};
