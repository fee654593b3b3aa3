import { createCipheriv, createDecipheriv, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { StartError } from './start-error.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts secrets at rest with AES-256-GCM. The label, such as a key id, is authenticated: a sealed secret
 * cannot be moved to another key. Several master keys may open secrets; one of them seals.
 */
export interface SecretBox {
  /** The version of the key that seals. */
  readonly keyVersion: string;
  /** The versions of all keys that open, the sealing one first. */
  readonly keyVersions: readonly string[];
  /** The columns of a secret, with the version of the key that seals it. */
  seal(secret: string, label: string): SealedSecret;
  /** @throws Error when no master key fits, the label differs, or the sealed secret was modified. */
  open(sealed: string, label: string): string;
}

/** The columns of a sealed secret, as in `api_key_secret` and `webhook_endpoint`. */
export interface SealedSecret {
  readonly sealed_secret: string;
  readonly key_version: string;
}

/** Names a master key: derived from the key, so that it needs no records, and does not reveal it. */
export const getKeyVersion = (masterKey: Uint8Array): string =>
  createHmac('sha256', masterKey).update('cpg-master-key-version').digest('hex').slice(0, 12);

/** @param otherKeys - Open secrets and seal none: the previous or the next master key during a rotation. */
export const createSecretBox = (masterKey: Uint8Array, otherKeys: readonly Uint8Array[] = []): SecretBox => {
  const keys = [masterKey, ...otherKeys];
  const keyVersion = getKeyVersion(masterKey);
  const keyVersions = [keyVersion, ...otherKeys.map(getKeyVersion)];
  return {
    keyVersion,
    keyVersions,
    seal: (secret, label) => ({ sealed_secret: encrypt(masterKey, secret, label), key_version: keyVersion }),
    open: (sealed, label) => {
      // GCM is authenticated: a key that does not fit cannot open a secret.
      let failure: unknown;
      for (const key of keys) {
        try {
          return decrypt(key, sealed, label);
        } catch (error) {
          failure = error;
        }
      }
      throw failure;
    },
  };
};

const encrypt = (masterKey: Uint8Array, secret: string, label: string): string => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, masterKey, nonce).setAAD(Buffer.from(label));
  const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64');
};

const decrypt = (masterKey: Uint8Array, sealed: string, label: string): string => {
  const box = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv(ALGORITHM, masterKey, box.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(label))
    .setAuthTag(box.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString(
    'utf8',
  );
};

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
    throw new StartError(
      'missing_master_key',
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
    throw new StartError(
      'invalid_master_key_file',
      `${file} must be readable by its owner only: run chmod 600 on it.`,
    );
  const text = (await readFile(file, 'utf8')).trim();
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new StartError('invalid_master_key_file', `${file} must hold 64 lowercase hex digits.`);
  return Buffer.from(text, 'hex');
};

/** Creates the secret box of a gateway from its configuration. */
export const openSecretBox = async (config: Config): Promise<SecretBox> => {
  const isPersistent = config.databaseUrl !== undefined || config.dataDir !== undefined;
  const otherKeys = config.otherMasterKeys.map((key) => Buffer.from(key, 'hex'));
  return createSecretBox(await loadMasterKey({ ...config, isPersistent }), otherKeys);
};
