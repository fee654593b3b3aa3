import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { CpgError } from '../errors.ts';
import { addCommands } from './commands.ts';
import type { CommandContext, CommandResult, GlobalFlags } from './context.ts';
import { formatJson } from './format.ts';
import { processTerminal, surviveClosedPipes, type Terminal, UsageError } from './terminal.ts';

const EXIT_SUCCESS = 0;
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
/** As shells report the end by Ctrl-C. */
const EXIT_INTERRUPTED = 130;

/** Runs the command line of this process. */
export const runProcess = async (): Promise<void> => {
  surviveClosedPipes(process.stdout, process.stderr);
  const { CPG_DOCUMENTATION_URL: url = '' } = process.env;
  if (url !== '') (await import('@cpg/protocol')).setDocumentationUrl(url);
  process.exitCode = await run(process.argv.slice(2), processTerminal);
};

/** Shared by a command and the code that prints its result. */
interface Outcome {
  kept?: CommandResult;
  isInterrupted: boolean;
}

/**
 * Runs a command line (without `node` and script). Returns the exit code: 0 for success, 1 for a failed call,
 * 2 for wrong usage, 130 after an interrupt.
 *
 * With `--json`, prints exactly one document for every command that ends by itself. Its `success` is true if
 * and only if the exit code is 0.
 */
export const run = async (argv: readonly string[], terminal: Terminal): Promise<number> => {
  const isJson = argv.includes('--json');
  const outcome: Outcome = { isInterrupted: false };
  const program = createProgram(terminal, outcome, (result) => printResult(terminal, result, isJson));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    if (outcome.isInterrupted) return EXIT_INTERRUPTED;
    return outcome.kept?.failure === undefined ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_SUCCESS;
    printError(terminal, { error, outcome, isJson });
    if (outcome.isInterrupted) return EXIT_INTERRUPTED;
    return (await isUsageError(error)) ? EXIT_USAGE : EXIT_FAILURE;
  }
};

const printResult = (
  terminal: Terminal,
  { document, text, failure }: CommandResult,
  isJson: boolean,
): void => {
  if (!isJson) {
    terminal.print(text());
    if (failure !== undefined) terminal.note(failure);
    return;
  }
  terminal.print(formatJson(createDocument(document, failure)));
};

/** An envelope like those of the gateway; `success` says whether the command succeeded. */
const createDocument = (document: CommandResult['document'], failure: string | undefined): object => {
  const {
    success: _,
    message = 'OK',
    ...rest
  }: { readonly success?: unknown; readonly message?: unknown } = document;
  return { success: failure === undefined, message: failure ?? message, ...rest };
};

interface ErrorToPrint {
  readonly error: unknown;
  readonly outcome: Outcome;
  readonly isJson: boolean;
}

const printError = (
  terminal: Terminal,
  { error, outcome: { kept, isInterrupted }, isJson }: ErrorToPrint,
) => {
  const isPlainInterrupt = isInterrupted && CpgError.is(error) && error.code === 'client_closed';
  const message = isPlainInterrupt ? 'Interrupted.' : error instanceof Error ? error.message : String(error);
  // Commander has already printed its message.
  if (!(error instanceof CommanderError)) {
    terminal.note(
      CpgError.is(error) && !isPlainInterrupt ? `${message} (${error.code})\nMore: ${error.help}` : message,
    );
  }
  if (!isJson) {
    if (kept !== undefined) terminal.print(kept.text());
    return;
  }
  const details = CpgError.is(error) ? error.toJSON() : { code: isUsage(error) ? 'usage' : 'failed' };
  const document = { ...kept?.document, error: { ...details, message } };
  terminal.print(formatJson(createDocument(document, message)));
};

const isUsage = (error: unknown): boolean => error instanceof UsageError || error instanceof CommanderError;

const isUsageError = async (error: unknown): Promise<boolean> => {
  if (isUsage(error)) return true;
  // Both say that nothing was sent.
  if (CpgError.is(error)) return ['invalid_configuration', 'invalid_request'].includes(error.code);
  // Imported on demand: most commands end without it.
  return (await import('@cpg/protocol')).ProtocolError.is(error);
};

const HELP = `
Credentials come from cpg login, from CPG_BASE_URL, CPG_KEY_ID and CPG_SECRET, or from the JSON file named by
--credentials or CPG_CREDENTIALS. They cannot be passed as arguments, because other users of this machine
can read those.

Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted.`;

/** Creates the program with all commands. */
const createProgram = (
  terminal: Terminal,
  outcome: Outcome,
  print: (result: CommandResult) => void,
): Command => {
  const program = new Command('cpg')
    .description('Command-line client of the CPG payment API')
    .version(packageJson.version)
    .option('--json', 'print one JSON document instead of text')
    .option('--profile <name>', 'credentials stored by cpg login')
    .option('--credentials <file>', 'JSON file with baseUrl, keyId and secret, readable only by you')
    .option('--debug', 'print requests and responses to standard error, without secrets and signatures')
    .addHelpText('after', HELP)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    });
  const createContext = (): CommandContext => ({
    terminal,
    flags: program.opts<GlobalFlags>(),
    program,
    keep: (result) => {
      outcome.kept = result;
    },
    interruptWith: (stop) =>
      terminal.onInterrupt(() => {
        outcome.isInterrupted = true;
        stop();
      }),
  });
  addCommands(program, async (load, flags, args) => {
    const handler = await load();
    const result = await handler(createContext(), flags, args);
    if (result === undefined) return;
    outcome.kept = result;
    print(result);
  });
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
};
