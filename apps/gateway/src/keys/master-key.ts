import type { Database } from '../database/open-database.ts';
import type { SecretBox } from '../database/secret-box.ts';
import { getWebhookLabel } from '../webhooks/endpoints.ts';

const CHECK_TEXT = 'cpg';
const CHECK_LABEL = 'master-key-check';
const WRONG_KEY =
  'CPG_MASTER_KEY: the secrets in this database are encrypted with another master key. Fix: set CPG_MASTER_KEY to the key the database was created with, or restore its master.key in CPG_DATA_DIR.';

/**
 * Checks that a database was encrypted with this master key. The first call on a database records the key, as a
 * known text sealed with it; in a database that has secrets already, one of them is opened first.
 *
 * @throws Error when the database was encrypted with another master key.
 */
export const assertMasterKey = async (db: Database, box: SecretBox): Promise<void> => {
  const find = () => db.selectFrom('master_key_check').select('sealed_text').executeTakeFirst();
  let check = await find();
  if (check === undefined) {
    assertOpens(box, await findSecret(db));
    const sealed_text = box.seal(CHECK_TEXT, CHECK_LABEL);
    await db
      .insertInto('master_key_check')
      .values({ sealed_text })
      // Another process may have recorded its key meanwhile.
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    check = await find();
  }
  assertOpens(box, check && { sealed: check.sealed_text, label: CHECK_LABEL });
};

interface SealedSecret {
  readonly sealed: string;
  readonly label: string;
}

const findSecret = async (db: Database): Promise<SealedSecret | undefined> => {
  const key = await db
    .selectFrom('api_key_secret')
    .select(['key_id', 'sealed_secret'])
    .limit(1)
    .executeTakeFirst();
  if (key !== undefined) return { sealed: key.sealed_secret, label: key.key_id };
  const webhook = await db
    .selectFrom('webhook_endpoint')
    .select(['account_id', 'url', 'sealed_secret'])
    .limit(1)
    .executeTakeFirst();
  return (
    webhook && { sealed: webhook.sealed_secret, label: getWebhookLabel(webhook.account_id, webhook.url) }
  );
};

const assertOpens = (box: SecretBox, secret: SealedSecret | undefined): void => {
  if (secret === undefined) return;
  try {
    box.open(secret.sealed, secret.label);
  } catch (error) {
    throw new Error(WRONG_KEY, { cause: error });
  }
};
