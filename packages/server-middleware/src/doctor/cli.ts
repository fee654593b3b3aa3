import { readFileSync, statSync } from 'node:fs';
import { getErrorUrl, setDocumentationUrl } from '@cpg/protocol';
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { ServerMiddlewareError } from '../errors.ts';
import { doctor } from './doctor.ts';

/** Environment, input and output of the command. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Prints a line of the report to standard output. */
  print(line: string): void;
  /** Prints any other line to standard error. */
  note(line: string): void;
  /** Reads all of standard input. */
  readInput(): string;
}

interface ProcessLike {
  readonly env: Terminal['env'];
  readonly stdin: { readonly fd: number };
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  exit(): void;
}

/** The terminal of a process, which exits quietly when the reader of a pipe closes it, like `head` does. */
export const createTerminal = (owner: ProcessLike): Terminal => {
  for (const stream of [owner.stdout, owner.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      owner.exit();
    });
  }
  return {
    env: owner.env,
    print: (line) => void owner.stdout.write(`${line}\n`),
    note: (line) => void owner.stderr.write(`${line}\n`),
    readInput: () => readFileSync(owner.stdin.fd, 'utf8'),
  };
};

/** Wrong usage of the command; exit code 2. */
class UsageError extends Error {}

interface Flags {
  readonly url?: string;
  readonly key?: string;
  readonly secretFile?: string;
  readonly target?: string;
  readonly timeout?: string;
  readonly deadline?: string;
  readonly json?: true;
}

const HELP = `
The secret is read from CPG_SECRET, from the file named by --secret-file, or from standard input with
--secret-file -. It cannot be passed as an argument, because other users of this machine can read those.
--url and --key default to CPG_BASE_URL and CPG_KEY_ID.

The probes are harmless: GET requests, and POST requests to the target, which takes no POST. Use a key that may
send 100 requests a minute and has no permissions. About 10 MiB are uploaded.

Exit code: 0 if no check failed, 1 if one did, 2 for wrong usage.`;

/** Runs a command line (without `node` and script); returns the exit code. */
export const run = async (argv: readonly string[], terminal: Terminal): Promise<number> => {
  const program = new Command('cpg-doctor')
    .description('Examines a CPG service from outside, with the proxies in front of it')
    .version(packageJson.version)
    .option('--url <url>', 'e.g. https://api.example.com')
    .option('--key <id>', 'id of a test key of the service')
    .option('--secret-file <file>', 'file with the secret, readable only by you; - for standard input')
    .option('--target <path>', 'a path behind cpgAuth that takes GET, and no POST (default: "/v1/_ping")')
    .option('--timeout <seconds>', 'to wait for each response (default: 10)')
    .option('--deadline <seconds>', 'for all checks (default: 120)')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    });
  try {
    program.parse([...argv], { from: 'user' });
    return await examine(program.opts<Flags>(), terminal);
  } catch (error) {
    // Commander has already printed its message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError || ServerMiddlewareError.is(error))) throw error;
    terminal.note(error.message);
    return 2;
  }
};

const examine = async (flags: Flags, terminal: Terminal): Promise<number> => {
  const { env } = terminal;
  const url = flags.url ?? env.CPG_BASE_URL;
  const keyId = flags.key ?? env.CPG_KEY_ID;
  const { CPG_DOCUMENTATION_URL = '' } = env;
  if (CPG_DOCUMENTATION_URL !== '') setDocumentationUrl(CPG_DOCUMENTATION_URL);
  if (url === undefined) throw new UsageError('Missing URL: pass --url or set CPG_BASE_URL.');
  if (keyId === undefined) throw new UsageError('Missing key id: pass --key or set CPG_KEY_ID.');
  const { isHealthy, findings } = await doctor(url, {
    keyId,
    secret: readSecret(flags.secretFile, terminal),
    ...(flags.target === undefined ? {} : { target: flags.target }),
    timeoutMs: readSeconds('--timeout', flags.timeout ?? '10'),
    deadlineMs: readSeconds('--deadline', flags.deadline ?? '120'),
    print: flags.json ? () => {} : (line) => terminal.print(line),
  });
  if (flags.json) terminal.print(JSON.stringify({ url, isHealthy, findings }, null, 2));
  for (const { check, status } of findings)
    if (status === 'failure') terminal.note(`More: ${getErrorUrl('doctor', check.replaceAll(' ', '-'))}`);
  return isHealthy ? 0 : 1;
};

const readSeconds = (name: string, text: string): number => {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 86_400) return Math.ceil(seconds * 1000);
  throw new UsageError(`${name} must be seconds, above 0 and up to 86400: got ${JSON.stringify(text)}.`);
};

const readSecret = (file: string | undefined, terminal: Terminal): string => {
  const text = file === undefined ? terminal.env.CPG_SECRET : readSecretFile(file, terminal);
  // Editors and echo end a file with a line feed, which is not part of the secret.
  const secret = file === undefined ? text : text?.replace(/\r?\n$/, '');
  if (secret === undefined || secret === '') {
    throw new UsageError(
      'Missing secret: set CPG_SECRET, or pass --secret-file with a file, or - for standard input.',
    );
  }
  return secret;
};

const readSecretFile = (file: string, { readInput }: Terminal): string => {
  if (file === '-') return readInput();
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`The file ${file} does not exist.`);
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
    throw new UsageError(`${file} must not be readable by other users. Fix: chmod 600 ${file}`);
  }
  return readFileSync(file, 'utf8');
};
