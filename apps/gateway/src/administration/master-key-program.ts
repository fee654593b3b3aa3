import { Command } from 'commander';
import { activateMasterKey } from '../keys/master-key.ts';
import { countSecrets, reencryptSecrets } from '../keys/sealed-secrets.ts';
import type { ProgramOptions, ProgramServices } from './run-program.ts';

const printStatus = async ({ db, box }: ProgramServices, print: ProgramOptions['print']): Promise<void> => {
  const counts = await countSecrets(db);
  const count = (version: string | null) => counts.find((row) => row.version === version)?.secrets ?? 0;
  for (const [index, version] of box.keyVersions.entries()) {
    const source = index === 0 ? 'CPG_MASTER_KEY, or master.key' : 'CPG_OTHER_MASTER_KEYS';
    print(`${version}  ${count(version)} secret(s)  ${source}\n`);
  }
  if (count(null) > 0) print(`unknown       ${count(null)} secret(s)  from before versions\n`);
};

/**
 * The command line of `npm run gateway:master-key`.
 *
 * @throws Error when a command fails, CommanderError when its arguments are invalid.
 */
export const masterKeyProgram = ({ open, print }: ProgramOptions): Command => {
  const program = new Command('gateway:master-key').description('Rotate the key that encrypts the secrets');

  program
    .command('status')
    .description('list the configured master keys, each with the number of secrets it encrypts')
    .action(async () => printStatus(await open(), print));

  program
    .command('reencrypt')
    .description(
      'encrypt every secret with CPG_MASTER_KEY now; running gateways do the same in the background',
    )
    .action(async () => {
      const services = await open();
      const { db, box } = services;
      await activateMasterKey(db, box);
      const { reencrypted, unreadable } = await reencryptSecrets(db, box);
      print(`${reencrypted} secret(s) re-encrypted.\n`);
      await printStatus(services, print);
      if (unreadable.length > 0)
        throw new Error(
          `No configured master key opens ${unreadable.join(', ')}. Fix: add the key to CPG_OTHER_MASTER_KEYS, or rotate the API keys and register the webhooks again`,
        );
    });

  return program;
};
