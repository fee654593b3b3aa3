import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '@cpg/test-support/ports';
import { describe, expect, it } from 'vitest';

const programPath = (name: string) => join(import.meta.dirname, `${name}.ts`);
const command = (name: string) => `'${process.execPath}' --conditions=@cpg/source '${programPath(name)}'`;

describe('a reader that leaves early', () => {
  it.each([
    ['keys', '--help | head -1', 0],
    ['keys', '--help | true', 0],
    ['keys', 'no-such-command 2>&1 | true', 1],
    ['audit', '2>&1 | true', 2],
  ])('leaves the exit code of %s %s as it is', (program, parameters, code) => {
    const { stderr } = spawnSync(
      'bash',
      ['--norc', '-c', `${command(program)} ${parameters}; echo "status \${PIPESTATUS[0]}" >&2`],
      { encoding: 'utf8', env: { PATH: process.env.PATH } },
    );
    expect(stderr).toBe(`status ${code}\n`);
  });

  it('does not end the gateway', async () => {
    const port = await findFreePort();
    const gateway = spawn(process.execPath, ['--conditions=@cpg/source', programPath('main')], {
      env: { PATH: process.env.PATH, PORT: String(port), CPG_DATA_DIR: mkdtempSync(join(tmpdir(), 'cpg-')) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(gateway, 'exit');
    gateway.stdout.destroy();
    gateway.stderr.destroy();
    const ask = () =>
      fetch(`http://127.0.0.1:${port}/v1/_ping`).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(ask, { timeout: 50_000, interval: 200 }).toBe(401);
    gateway.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
