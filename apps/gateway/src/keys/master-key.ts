import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { SecretBox } from '../database/secret-box.ts';
import { StartError } from '../database/start-error.ts';
import { countSecrets, findUnversionedSecret, type Sealed } from './sealed-secrets.ts';

const CHECK_TEXT = 'cpg';
const CHECK_LABEL = 'master-key-check';
const WRONG_KEY =
  'CPG_MASTER_KEY: the secrets in this database are encrypted with another master key. Fix: set CPG_MASTER_KEY to the key the database was created with, or restore its master.key in CPG_DATA_DIR. During a rotation, name the other key in CPG_OTHER_MASTER_KEYS.';

/**
 * Checks that the configured master keys open the secrets of a database. The first call on a database records the
 * key, as a known text sealed with it; in a database that has secrets already, one of them is opened first.
 *
 * @throws Error when the database was encrypted with another master key, or a secret needs a key that is not
 *   configured.
 */
export const assertMasterKey = async (db: Database, box: SecretBox): Promise<void> => {
  const find = () => db.selectFrom('master_key_check').select('sealed_text').executeTakeFirst();
  let check = await find();
  if (check === undefined) {
    assertOpens(box, await findUnversionedSecret(db));
    await db
      .insertInto('master_key_check')
      .values(sealCheck(box))
      // Another process may have recorded its key meanwhile.
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    check = await find();
  }
  assertOpens(box, check && { sealed_secret: check.sealed_text, label: CHECK_LABEL });
  const missing = (await countSecrets(db)).filter(
    ({ version }) => version !== null && !box.keyVersions.includes(version),
  );
  if (missing.length === 0) return;
  const list = missing.map(({ version, secrets }) => `${secrets} with ${version}`).join(', ');
  throw new StartError(
    'wrong_master_key',
    `CPG_OTHER_MASTER_KEYS: secrets in this database are encrypted with a master key that is not configured: ${list}. Fix: add that key to CPG_OTHER_MASTER_KEYS until npm run gateway:master-key -- status counts no secret for it.`,
  );
};

const sealCheck = (box: SecretBox) => {
  const { sealed_secret, key_version } = box.seal(CHECK_TEXT, CHECK_LABEL);
  return { sealed_text: sealed_secret, key_version };
};

const assertOpens = (box: SecretBox, secret: Sealed | undefined): void => {
  if (secret === undefined) return;
  try {
    box.open(secret.sealed_secret, secret.label);
  } catch (error) {
    throw new StartError('wrong_master_key', WRONG_KEY, { cause: error });
  }
};

/**
 * Makes the sealing key of this process the one that every process re-encrypts secrets with. The last call wins:
 * processes with different keys do not re-encrypt each other's secrets again and again.
 */
export const activateMasterKey = async (db: Database, box: SecretBox): Promise<void> => {
  await db
    .updateTable('master_key_check')
    .set(sealCheck(box))
    .where(sql<boolean>`key_version IS DISTINCT FROM ${box.keyVersion}`)
    .execute();
};
