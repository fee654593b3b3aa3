import { Argument, Command } from 'commander';
import { sql } from 'kysely';
import { inTransaction } from '../database/transactions.ts';
import { requeueDeadDeliveries } from '../webhooks/deliveries.ts';
import { registerWebhook, removeWebhook, resumeWebhook } from '../webhooks/endpoints.ts';
import { findWebhookUrlProblem } from '../webhooks/url-rules.ts';
import { assertAccountExists, parseAccountId, parseWholeNumber } from './arguments.ts';
import type { ProgramOptions, ProgramServices } from './run-program.ts';

const LIST = 'npm run gateway:webhooks -- list shows the ids';

interface Listed {
  readonly id: number;
  readonly account_id: string;
  readonly url: string;
  readonly failures: number;
  readonly suspended_until: Date | null;
  readonly pending: number;
  readonly dead: number;
}

const listWebhooks = async ({ db }: ProgramServices): Promise<readonly Listed[]> => {
  const count = (status: 'pending' | 'dead') => sql<number>`(SELECT count(*) FROM webhook_delivery
    WHERE endpoint_id = webhook_endpoint.id AND status = ${status})`;
  return db
    .selectFrom('webhook_endpoint')
    .select(['id', 'account_id', 'url', 'failures', 'suspended_until'])
    .select([count('pending').as('pending'), count('dead').as('dead')])
    .orderBy('id')
    .execute();
};

const formatState = ({ failures, suspended_until }: Listed, now: Date): string => {
  if (suspended_until !== null && suspended_until > now)
    return `suspended until ${suspended_until.toISOString()}`;
  return failures === 0 ? 'ok' : `${failures} attempt(s) without response`;
};

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
    .action(async (url: string, { account }: { readonly account: string }) => {
      const { db, box, rules } = await open();
      const problem = findWebhookUrlProblem(url, rules);
      if (problem !== undefined) throw new Error(problem);
      await assertAccountExists(db, account, 'npm run gateway:accounts -- list shows the accounts');
      await inTransaction(db, async (transaction) => {
        const webhook = { accountId: account, url, at: new Date() };
        const { id, secret } = await registerWebhook(transaction, box, webhook);
        await printSecret(`webhook ${id}\nsecret  ${secret}\nStore the secret now: it is not shown again.\n`);
      });
    });

  program
    .command('list')
    .description('list all webhooks with their state and undelivered events')
    .action(async () => {
      const now = new Date();
      for (const row of await listWebhooks(await open())) {
        const undelivered = `${row.pending} pending  ${row.dead} dead`;
        print(`${row.id}  ${row.account_id}  ${row.url}  ${formatState(row, now)}  ${undelivered}\n`);
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
      assertFound(await resumeWebhook(db, id), id);
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
