import { existsSync, fstatSync, statSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { parseConfig } from '../config.ts';
import type { Database } from '../database/open-database.ts';
import { openSecretBox, type SecretBox } from '../database/secret-box.ts';
import { formatStartError, StartError } from '../database/start-error.ts';
import { assertMasterKey } from '../keys/master-key.ts';
import { ignoreClosedPipes, openPersistentDatabase } from '../programs.ts';
import type { WebhookUrlRules } from '../webhooks/url-rules.ts';

/** What the commands of a program work with. */
export interface ProgramServices {
  readonly db: Database;
  readonly box: SecretBox;
  /** Which webhook URLs are allowed. */
  readonly rules: WebhookUrlRules;
}

export interface ProgramOptions {
  /** Called when a command runs: `--help` works without a database. */
  readonly open: () => Promise<ProgramServices>;
  readonly print: (text: string) => void;
  /**
   * Prints a text that is shown only once, before the change is committed: a rejection must undo the change. The
   * same text is printed once, however often a transaction is retried.
   */
  readonly printSecret: (text: string) => Promise<void>;
}

const STANDARD_OUTPUT = 1;
const FULL_PIPE_MS = 10;

const isDiscarded = (): boolean => {
  const status = fstatSync(STANDARD_OUTPUT);
  // Node.js opens /dev/null in place of a closed output.
  return status.isCharacterDevice() && existsSync('/dev/null') && status.rdev === statSync('/dev/null').rdev;
};

// Not `process.stdout`, which reports a failed write late, and by an event.
const writeAll = async (text: string): Promise<void> => {
  if (isDiscarded()) throw new Error('standard output is closed or /dev/null');
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(STANDARD_OUTPUT, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await wait(FULL_PIPE_MS);
    }
  }
};

const createSecretPrinter = (): ProgramOptions['printSecret'] => {
  let printed: string | undefined;
  return async (text) => {
    if (text === printed) return;
    try {
      await writeAll(text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new StartError(
        'secret_not_shown',
        `The secret could not be shown, so nothing was changed: ${reason}. Fix: run the command again, with an output that takes it.`,
        { cause: error },
      );
    }
    printed = text;
  };
};

/** Runs a program on the database of the gateway. An error is one line on standard error, and exit code 1. */
export const runProgram = async (createProgram: (options: ProgramOptions) => Command): Promise<void> => {
  ignoreClosedPipes();
  let opened: Database | undefined;
  const open = async () => {
    const config = parseConfig(process.env);
    const box = await openSecretBox(config);
    opened = await openPersistentDatabase(config);
    await assertMasterKey(opened, box);
    const rules = { allowedHosts: config.webhookAllowedHosts, sandbox: config.sandbox };
    return { db: opened, box, rules };
  };
  try {
    const print = (text: string) => process.stdout.write(text);
    await createProgram({ open, print, printSecret: createSecretPrinter() }).parseAsync();
  } catch (error) {
    process.stderr.write(`${formatStartError(error)}\n`);
    process.exitCode = 1;
  } finally {
    await opened?.destroy();
  }
};
