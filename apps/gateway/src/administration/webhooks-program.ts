import { WEBHOOK_EVENTS, type WebhookEventName } from '@cpg/protocol';
import { Argument, Command, Option } from 'commander';
import { inTransaction } from '../database/transactions.ts';
import { requeueDeadDeliveries } from '../webhooks/deliveries.ts';
import {
  type ListedWebhook,
  listWebhooks,
  registerWebhook,
  removeWebhook,
  resumeWebhook,
} from '../webhooks/endpoints.ts';
import { findWebhookUrlProblem } from '../webhooks/url-rules.ts';
import { assertAccountExists, parseAccountId, parseWholeNumber } from './arguments.ts';
import type { ProgramOptions } from './run-program.ts';

const LIST = 'npm run gateway:webhooks -- list shows the ids';

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
    .addOption(
      new Option('--event <event...>', 'events to send')
        .choices(Object.keys(WEBHOOK_EVENTS))
        .default(undefined, 'all'),
    )
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
