import { CpgClient } from '../cpg-client.ts';
import { readCredentials } from './credentials.ts';
import type { Terminal } from './terminal.ts';

/** What a command needs: the terminal, and a client made of the credentials. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** The file that `--credentials` names. */
  readonly credentialsFile: () => string | undefined;
}

/** Runs with a client that is closed afterwards. */
export const withClient = async (
  { terminal, credentialsFile }: CommandContext,
  run: (client: CpgClient) => Promise<void>,
): Promise<void> => {
  const credentials = readCredentials(terminal.env, credentialsFile(), ['baseUrl', 'keyId', 'secret']);
  const client = new CpgClient({
    ...credentials,
    onRetry: ({ operation, code, delayMs }) =>
      terminal.note(`${operation}: ${code}, trying again in ${Math.ceil(delayMs / 1000)} s`),
  });
  try {
    await run(client);
  } finally {
    client.close();
  }
};

/** Pretty JSON, as `--json` prints it. */
export const toJson = (value: unknown): string => JSON.stringify(value, null, 2);
