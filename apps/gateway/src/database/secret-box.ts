import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts secrets at rest with AES-256-GCM. The label, such as a key id, is authenticated: a sealed secret
 * cannot be moved to another key.
 */
export interface SecretBox {
  seal(secret: string, label: string): string;
  /** @throws Error when the master key or the label differs, or the sealed secret was modified. */
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
  /** 64 hex digits; takes precedence over the file. */
  readonly masterKey: string | undefined;
  /** Folder of `master.key`, which is created at the first start with mode 0600. */
  readonly dataDir: string | undefined;
  /** Whether the database outlives the process; then the key must too. */
  readonly isPersistent: boolean;
}

/** Returns the configured key, the key of the data folder, or a random key for a database in memory. */
export const loadMasterKey = async ({
  masterKey,
  dataDir,
  isPersistent,
}: MasterKeySource): Promise<Buffer> => {
  if (masterKey !== undefined) return Buffer.from(masterKey, 'hex');
  if (dataDir !== undefined) return readOrCreateKeyFile(dataDir);
  if (isPersistent) {
    throw new Error(
      'A persistent database needs a persistent master key. Fix: set CPG_MASTER_KEY (64 hex digits) or CPG_DATA_DIR (the folder of master.key).',
    );
  }
  return randomBytes(32);
};

// Written under a temporary name and then linked: of several processes that start at once, one creates the
// file, and none reads a partial file.
const createKeyFile = async (file: string): Promise<void> => {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(draft);
};

const readOrCreateKeyFile = async (dataDir: string): Promise<Buffer> => {
  const file = join(dataDir, 'master.key');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) await createKeyFile(file);
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0)
    throw new Error(`${file} must be readable by its owner only: run chmod 600 on it.`);
  const text = (await readFile(file, 'utf8')).trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${file} must hold 64 lowercase hex digits.`);
  return Buffer.from(text, 'hex');
};

/** Creates the secret box of a gateway from its configuration. */
export const openSecretBox = async (config: Config): Promise<SecretBox> => {
  const isPersistent = config.databaseUrl !== undefined || config.dataDir !== undefined;
  return createSecretBox(await loadMasterKey({ ...config, isPersistent }));
};
