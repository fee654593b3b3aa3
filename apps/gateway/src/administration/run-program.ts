import type { Command } from 'commander';
import { parseConfig } from '../config.ts';
import type { Database } from '../database/open-database.ts';
import { openSecretBox, type SecretBox } from '../database/secret-box.ts';
import { formatStartError } from '../database/start-error.ts';
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
}

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
    await createProgram({ open, print: (text) => process.stdout.write(text) }).parseAsync();
  } catch (error) {
    process.stderr.write(`${formatStartError(error)}\n`);
    process.exitCode = 1;
  } finally {
    await opened?.destroy();
  }
};
