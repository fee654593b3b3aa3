import { parseConfig } from './config.ts';
import type { Database } from './database/open-database.ts';
import { openSecretBox } from './database/secret-box.ts';
import { formatStartError } from './database/start-error.ts';
import { keysProgram } from './keys/keys-program.ts';
import { assertMasterKey } from './keys/master-key.ts';
import { ignoreClosedPipes, openPersistentDatabase } from './programs.ts';

/** `npm run gateway:keys -- create|rotate|revoke|list`. */
const main = async (): Promise<void> => {
  let opened: Database | undefined;
  const open = async () => {
    const config = parseConfig(process.env);
    const box = await openSecretBox(config);
    opened = await openPersistentDatabase(config);
    await assertMasterKey(opened, box);
    return { db: opened, box };
  };
  try {
    await keysProgram({ open, print: (text) => process.stdout.write(text) }).parseAsync();
  } finally {
    await opened?.destroy();
  }
};

ignoreClosedPipes();
await main().catch((error: unknown) => {
  process.stderr.write(`${formatStartError(error)}\n`);
  process.exitCode = 1;
});
