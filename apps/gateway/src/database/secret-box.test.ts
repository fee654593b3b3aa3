import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecretBox, loadMasterKey } from './secret-box.ts';

const box = createSecretBox(randomBytes(32));

describe('createSecretBox', () => {
  it('opens what it sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (secret, label) => {
        expect(box.open(box.seal(secret, label).sealed_secret, label)).toBe(secret);
      }),
    );
  });

  it('seals the same secret differently each time, and never in the clear', () => {
    const first = box.seal('a secret', 'ck_1').sealed_secret;
    expect(first).not.toBe(box.seal('a secret', 'ck_1').sealed_secret);
    expect(Buffer.from(first, 'base64').toString('latin1')).not.toContain('a secret');
  });

  it('rejects another label, another master key and a modified secret', () => {
    const sealed = box.seal('a secret', 'ck_1').sealed_secret;
    const changed = Buffer.from(sealed, 'base64');
    changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1);
    expect(() => box.open(sealed, 'ck_2')).toThrow();
    expect(() => createSecretBox(randomBytes(32)).open(sealed, 'ck_1')).toThrow();
    expect(() => box.open(changed.toString('base64'), 'ck_1')).toThrow();
  });
});

describe('loadMasterKey', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'cpg-master-key-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('prefers the configured key', async () => {
    const key = await loadMasterKey({ masterKey: 'ab'.repeat(32), dataDir, isPersistent: true });
    expect(key.toString('hex')).toBe('ab'.repeat(32));
  });

  it('creates one key file with mode 0600, also for concurrent callers', async () => {
    const source = { masterKey: undefined, dataDir, isPersistent: true };
    const keys = await Promise.all(Array.from({ length: 50 }, () => loadMasterKey(source)));
    const again = await loadMasterKey(source);
    expect(new Set([...keys, again].map((key) => key.toString('hex'))).size).toBe(1);
    expect((await stat(join(dataDir, 'master.key'))).mode & 0o777).toBe(0o600);
    expect(await readdir(dataDir)).toEqual(['master.key']);
  });

  it('creates a random key for a database in memory', async () => {
    const source = { masterKey: undefined, dataDir: undefined, isPersistent: false };
    expect((await loadMasterKey(source)).length).toBe(32);
  });

  it('requires a persistent key for a persistent database', async () => {
    await expect(
      loadMasterKey({ masterKey: undefined, dataDir: undefined, isPersistent: true }),
    ).rejects.toThrow('set CPG_MASTER_KEY (64 hex digits) or CPG_DATA_DIR');
  });

  it('rejects a key file that is readable by others or contains no key', async () => {
    const file = join(dataDir, 'master.key');
    const source = { masterKey: undefined, dataDir, isPersistent: true };
    await writeFile(file, 'ab'.repeat(32));
    await chmod(file, 0o644);
    await expect(loadMasterKey(source)).rejects.toThrow('must be readable by its owner only');
    await writeFile(file, 'nonsense');
    await chmod(file, 0o600);
    await expect(loadMasterKey(source)).rejects.toThrow('must hold 64 lowercase hex digits');
  });
});
