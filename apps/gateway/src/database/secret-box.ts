import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts the secrets at rest with AES-256-GCM. The label (a key id) is authenticated, so a box cannot be moved to another key. */
export interface SecretBox {
  seal(secret: string, label: string): string;
  /** @throws when the master key, the label or the box is not the one it was sealed with. */
  open(sealed: string, label: string): string;
}

export const createSecretBox = (masterKey: Uint8Array): SecretBox => ({
  seal: (secret, label) => {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, masterKey, nonce).setAAD(Buffer.from(label));
    const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64');
  },
  open: (sealed, label) => {
    const box = Buffer.from(sealed, 'base64');
    const decipher = createDecipheriv(ALGORITHM, masterKey, box.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(Buffer.from(label))
      .setAuthTag(box.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString(
      'utf8',
    );
  },
});

export interface MasterKeySource {
  /** 64 hex digits; goes before the file. */
  readonly masterKey: string | undefined;
  /** Holds `master.key`, mode 0600, made at the first start. */
  readonly dataDir: string | undefined;
  /** Whether the database outlives this process: then the key must too. */
  readonly isPersistent: boolean;
}

/** Finds the key that encrypts the secrets: from the configuration, from the data folder, or fresh for a database in memory. */
export const findMasterKey = async ({
  masterKey,
  dataDir,
  isPersistent,
}: MasterKeySource): Promise<Buffer> => {
  if (masterKey !== undefined) return Buffer.from(masterKey, 'hex');
  if (dataDir !== undefined) return readOrMakeKeyFile(dataDir);
  if (isPersistent) {
    throw new Error(
      'A database that is kept needs a master key that is kept: set CPG_MASTER_KEY (64 hex digits) or CPG_DATA_DIR (a folder for master.key).',
    );
  }
  return randomBytes(32);
};

// Written whole under another name and then linked: of several processes that start at once, one makes the file, and none
// reads half of it.
const makeKeyFile = async (file: string): Promise<void> => {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(draft);
};

const readOrMakeKeyFile = async (dataDir: string): Promise<Buffer> => {
  const file = join(dataDir, 'master.key');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) await makeKeyFile(file);
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0)
    throw new Error(`${file} must be readable by its owner only: run chmod 600 on it.`);
  const text = (await readFile(file, 'utf8')).trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${file} must hold 64 lowercase hex digits.`);
  return Buffer.from(text, 'hex');
};

/** The secret box of a gateway with this configuration. */
export const openSecretBox = async (config: Config): Promise<SecretBox> => {
  const isPersistent = config.databaseUrl !== undefined || config.dataDir !== undefined;
  return createSecretBox(await findMasterKey({ ...config, isPersistent }));
};
