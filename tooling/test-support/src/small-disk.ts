import { execFileSync } from 'node:child_process';
import { chownSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

const SIZE = '96m';
const CHUNK = Buffer.alloc(1024 * 1024);

/** Whether this process may mount a file system: only root may. CI runs as root in a container. */
export const canMountDisks = process.getuid?.() === 0;

/** A disk of 96 MB, which a test can fill. */
export class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'cpg-small-disk-'));
  readonly #filler = join(this.folder, 'filler');

  constructor() {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=0777`, 'tmpfs', this.folder]);
  }

  /** Creates a database on this disk; returns its URL. */
  async createDatabase(postgresUrl: string, name: string): Promise<string> {
    const space = mkdtempSync(join(this.folder, 'space-'));
    const owner = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }));
    chownSync(space, owner, owner);
    const admin = new pg.Client(postgresUrl);
    await admin.connect();
    await admin.query(`CREATE TABLESPACE ${name} LOCATION '${space}'`);
    await admin.query(`CREATE DATABASE ${name} TABLESPACE ${name}`);
    await admin.end();
    const url = new URL(postgresUrl);
    url.pathname = `/${name}`;
    return url.href;
  }

  /** Takes the space that is left. Others may write meanwhile, so it ends when the disk is full. */
  fill(): void {
    const file = openSync(this.#filler, 'a');
    try {
      for (let size = CHUNK.length; size >= 1; size /= 2) writeUntilFull(file, CHUNK.subarray(0, size));
    } finally {
      closeSync(file);
    }
  }

  /** Gives the space back that `fill` took. */
  empty(): void {
    rmSync(this.#filler);
  }

  unmount(): void {
    execFileSync('umount', [this.folder]);
    rmSync(this.folder, { recursive: true });
  }
}

const writeUntilFull = (file: number, chunk: Uint8Array): void => {
  try {
    while (writeSync(file, chunk) === chunk.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
};
