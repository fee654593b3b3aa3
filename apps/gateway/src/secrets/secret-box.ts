import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

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
