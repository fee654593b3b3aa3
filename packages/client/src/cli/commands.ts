import { Argument, type Command, Option } from 'commander';
import { SHELLS, TRANSACTION_DIRECTIONS, WEBHOOK_EVENT_NAMES } from './choices.ts';
import type { CommandHandler } from './context.ts';

type Load<Flags> = () => Promise<CommandHandler<Flags>>;

/** Loads and runs the handler of a command. */
export type RunCommand = (load: Load<never>, flags: never, args: readonly string[]) => Promise<void>;

const currency = () => new Option('--currency <code>', 'only this currency');
const network = () => new Option('--network <name>', 'only this network');

/**
 * Adds every command to the program. The modules that run them are loaded on demand, because the client and its
 * dependencies take most of the time to start.
 */
export const addCommands = (program: Command, run: RunCommand): void => {
  const add = (usage: string, description: string, load: Load<never>): Command =>
    program
      .command(usage)
      .description(description)
      .action((...given: unknown[]) => {
        const command = given.at(-1) as Command;
        return run(load, command.opts() as never, command.args);
      });
  addReads(add);
  addPayments(add);
  addSigning(add);
  addWebhooks(add);
  addSetup(add);
};

type Add = (usage: string, description: string, load: Load<never>) => Command;

const addReads = (add: Add): void => {
  const account = () => import('./account-commands.ts');
  add('ping', 'check key, secret and clock', async () => (await account()).ping);
  add('balances', 'list balances', async () => (await account()).balances)
    .addOption(currency())
    .addOption(network());
  add('currencies', 'list currencies with minimums and fees', async () => (await account()).currencies);
  add(
    'hot-wallet',
    'show the address to fund withdrawals',
    async () => (await account()).hotWallet,
  ).requiredOption('--network <name>', 'e.g. ETH');
  add('transactions', 'list transactions, newest first', async () => (await account()).transactions)
    .addOption(new Option('--direction <name>', 'only this direction').choices(TRANSACTION_DIRECTIONS))
    .addOption(currency())
    .addOption(network())
    .option('--status <name>', 'only this status')
    .option('--limit <rows>', 'rows per page, 1 to 200')
    .option('--cursor <id>', 'only ids below this id')
    .option('--all', 'list all pages, with progress on standard error');
};

const addPayments = (add: Add): void => {
  const payments = () => import('./payment-commands.ts');
  add(
    'withdraw',
    'create a withdrawal; the fee is charged in addition to the amount',
    async () => (await payments()).withdraw,
  )
    .requiredOption('--currency <code>', 'e.g. USDT')
    .requiredOption('--network <name>', 'e.g. ETH')
    .requiredOption('--to <address>', 'destination address')
    .requiredOption('--amount <decimal>', 'e.g. 100.50')
    .option('--reference <text>', 'client_reference; repeating the command with it does not withdraw twice')
    .option('--wait', 'wait until the withdrawal is confirmed or failed; exit code 1 if it failed')
    .option('--yes', 'do not ask for confirmation');
  add(
    'withdrawal <id>',
    'show a withdrawal and its status',
    async () => (await payments()).withdrawal,
  ).option('--wait', 'wait until it is confirmed or failed; exit code 1 if it failed');
  add('deposit-address', 'request a deposit address', async () => (await payments()).depositAddress)
    .requiredOption('--currency <code>', 'e.g. USDT')
    .requiredOption('--network <name>', 'e.g. ETH')
    .option('--user <identifier>', 'user_identifier; the same one always gets the same address')
    .option('--reference <text>', 'idempotency_key; repeating the command with it returns the same request');
  add('deposit-request <id>', 'show a deposit request', async () => (await payments()).depositRequest).option(
    '--wait',
    'wait until a payment is confirmed',
  );
};

const addSigning = (add: Add): void => {
  add(
    'request <method> <target>',
    'send any signed request and print the response',
    async () => (await import('./request-command.ts')).request,
  )
    .option('--data <json>', 'the body')
    .option('--body <file>', 'file with the body bytes; - for standard input');
  const signing = () => import('./signing-commands.ts');
  add(
    'sign <method> <target>',
    'sign a request and print every intermediate value; sends nothing',
    async () => (await signing()).sign,
  )
    .option('--body <file>', 'file with the body bytes; - for standard input')
    .option('--timestamp <seconds>', 'Unix seconds (default: now)');
  add(
    'explain',
    'explain why a signature is wrong; reads the request as sent from standard input',
    async () => (await signing()).explain,
  )
    .option('--body <file>', 'file with the body bytes, instead of the body on standard input')
    .option('--now <seconds>', "the gateway's time in Unix seconds (default: now)");
};

const addWebhooks = (add: Add): void => {
  const sandbox = () =>
    new Option(
      '--sandbox <url>',
      "the sandbox's operations port (default: CPG_SANDBOX_URL, or the gateway's port + 1000)",
    );
  add(
    'listen',
    'receive, verify, print and forward webhooks',
    async () => (await import('./listen-command.ts')).listen,
  )
    .option('--port <port>', 'port to listen on; 0 for any free port', '4242')
    .option('--forward-to <url>', 'send each verified webhook there, with the same bytes and headers')
    .option('--no-register', 'do not register with the sandbox; needs CPG_WEBHOOK_SECRET')
    .addOption(sandbox());
  add('trigger', 'send a signed sample event', async () => (await import('./trigger-command.ts')).trigger)
    .addArgument(new Argument('<event>', 'name of the event').choices(WEBHOOK_EVENT_NAMES))
    .requiredOption('--to <url>', 'URL of the receiver')
    .option('--data <json>', 'fields of the event that differ from the sample')
    .option('--id <number>', 'id of the event (default: a new one)');
  add(
    'tail',
    'print the requests and webhook deliveries of the sandbox',
    async () => (await import('./tail-command.ts')).tail,
  )
    .option('--all', 'begin with those that the sandbox remembers')
    .addOption(sandbox());
};

const addSetup = (add: Add): void => {
  const profiles = () => import('./profile-commands.ts');
  add(
    'login',
    'store credentials as a profile; reads the secret from the terminal or standard input',
    async () => (await profiles()).login,
  )
    .option('--base-url <url>', "the gateway's origin, without /v1")
    .option('--key-id <id>', "the key's id")
    .option('--no-check', 'store them without a call to the gateway');
  add('logout', 'delete a profile', async () => (await profiles()).logout);
  add('profiles', 'list the profiles', async () => (await profiles()).profiles);
  add(
    'completion',
    'print the completion script of a shell',
    async () => (await import('./completion.ts')).completion,
  ).addArgument(new Argument('<shell>', 'shell').choices(SHELLS));
};
