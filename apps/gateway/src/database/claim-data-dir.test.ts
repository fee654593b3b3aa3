import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimDataDir } from './claim-data-dir.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'cpg-claim-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const owner = () => readFileSync(join(dataDir, 'gateway.pid'), 'utf8');

it('claims a free folder, again and again', () => {
  claimDataDir(dataDir);
  claimDataDir(dataDir);
  expect(owner()).toBe(String(process.pid));
});

it('takes over from a process that has ended', () => {
  // Above the largest process id that Linux gives out.
  writeFileSync(join(dataDir, 'gateway.pid'), '4194305');
  claimDataDir(dataDir);
  expect(owner()).toBe(String(process.pid));
});

it('refuses a folder of a process that runs', () => {
  writeFileSync(join(dataDir, 'gateway.pid'), String(process.ppid));
  expect(() => claimDataDir(dataDir)).toThrow(
    `${dataDir} is in use by process ${process.ppid}: an embedded database serves one process.`,
  );
});
