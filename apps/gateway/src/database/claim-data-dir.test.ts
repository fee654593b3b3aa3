import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GatewayProcess, startGatewayFromSources } from '@cpg/test-support/gateway-process';
import { describeInCi, itInCi } from '@cpg/test-support/programs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimDataDir } from './claim-data-dir.ts';

const MINUTE = 60_000;

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'cpg-claim-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const IN_USE = () =>
  `${dataDir} is in use by another process, possibly in another container. An embedded database serves one process.`;

describe('claimDataDir', () => {
  it('claims a free folder exclusively until it is released', () => {
    const claim = claimDataDir(dataDir);
    expect(() => claimDataDir(dataDir)).toThrow(IN_USE());
    claim.release();
    claim.release();
    claimDataDir(dataDir).release();
  });

  it('creates the folder with mode 0700 and an empty lock file', () => {
    const folder = join(dataDir, 'a', 'b');
    const claim = claimDataDir(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toEqual(['gateway.lock']);
    expect(statSync(join(folder, 'gateway.lock')).size).toBe(0);
    claim.release();
  });

  it.each(['', 'garbage', '4194305', String(process.pid), String(process.ppid)])(
    'ignores a pid file with %j',
    (content) => {
      mkdirSync(join(dataDir, 'database'));
      writeFileSync(join(dataDir, 'gateway.pid'), content);
      writeFileSync(join(dataDir, 'database', 'postmaster.pid'), content);
      claimDataDir(dataDir).release();
      expect(existsSync(join(dataDir, 'database', 'postmaster.pid'))).toBe(false);
    },
  );

  it('keeps the pid file of a database in use', () => {
    mkdirSync(join(dataDir, 'database'));
    const claim = claimDataDir(dataDir);
    writeFileSync(join(dataDir, 'database', 'postmaster.pid'), '-42\n');
    expect(() => claimDataDir(dataDir)).toThrow(IN_USE());
    expect(existsSync(join(dataDir, 'database', 'postmaster.pid'))).toBe(true);
    claim.release();
  });

  it('reports a lock file with other content', () => {
    writeFileSync(join(dataDir, 'gateway.lock'), 'this is no lock file at all');
    expect(() => claimDataDir(dataDir)).toThrow(
      `${join(dataDir, 'gateway.lock')} must be an empty lock file. Fix: delete it while no gateway uses ${dataDir}.`,
    );
  });

  it('reports a folder that is not writable', () => {
    mkdirSync(join(dataDir, 'gateway.lock'));
    expect(() => claimDataDir(dataDir)).toThrow(
      `${join(dataDir, 'gateway.lock')} cannot be locked (unable to open database file). Fix: set CPG_DATA_DIR to a writable folder`,
    );
  });
});

const isRoot = process.getuid?.() === 0;

describe('a gateway on a data folder', () => {
  const started: GatewayProcess[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((gateway) => gateway.stop('SIGKILL')));
  });
  const start = async (wrapper?: readonly string[]) => {
    const environment = { CPG_DATA_DIR: dataDir, CPG_SANDBOX: 'true', CPG_LOG_LEVEL: 'error' };
    const gateway = await startGatewayFromSources(environment, wrapper);
    started.push(gateway);
    return gateway;
  };
  const isReady = async (gateway: GatewayProcess) => (await fetch(`${gateway.url}/readyz`)).status;

  itInCi('rejects a second process, keeps serving, and releases the folder when killed', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(IN_USE());
    expect(await isReady(first)).toBe(200);
    await first.stop('SIGKILL');
    // What a crash can leave behind, and a pid that another program has by now.
    writeFileSync(join(dataDir, 'database', 'postmaster.pid'), '');
    writeFileSync(join(dataDir, 'gateway.pid'), String(process.pid));
    const second = await start();
    expect(await isReady(second)).toBe(200);
    await second.stop('SIGTERM');
    expect(await isReady(await start())).toBe(200);
  });

  itInCi('starts after a crash that interrupted the creation of its database', async () => {
    mkdirSync(join(dataDir, 'database.partial'));
    writeFileSync(join(dataDir, 'database.partial', 'PG_VERSION'), '17');
    expect(await isReady(await start())).toBe(200);
    expect(existsSync(join(dataDir, 'database.partial'))).toBe(false);
  });

  describeInCi('in another PID namespace', () => {
    it.skipIf(!isRoot)(
      'rejects a second process with the same pid, and keeps serving',
      async () => {
        const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
        expect(execFileSync('unshare', [...container.slice(1), 'sh', '-c', 'echo $$']).toString()).toBe(
          '1\n',
        );
        const first = await start(container);
        await expect(start(container)).rejects.toThrow(IN_USE());
        await expect(start()).rejects.toThrow(IN_USE());
        expect(await isReady(first)).toBe(200);
        await first.stop('SIGKILL');
      },
      3 * MINUTE,
    );
  });
});
