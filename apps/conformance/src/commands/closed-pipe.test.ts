import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ignoreClosedPipe } from './main.ts';

const MAIN = join(import.meta.dirname, '../main.ts');

describe('ignoreClosedPipe', () => {
  it.each<[code: string, message: string | undefined]>([
    ['EPIPE', undefined],
    ['EIO', 'EIO'],
  ])('on %s', (code, message) => {
    const stream = new PassThrough();
    ignoreClosedPipe(stream);
    const fail = () => stream.emit('error', Object.assign(new Error(code), { code }));
    if (message === undefined) expect(fail).not.toThrow();
    else expect(fail).toThrow(message);
  });

  it.each([
    ['list', 0],
    ['--help', 0],
    ['explain no-such-case-at-all', 2],
    ['explain no-such-case-at-all 2>&1 >/dev/null', 2],
    ['no-such-command 2>&1', 2],
  ])('does not change the exit code: %s', (argv, code) => {
    const node = `"${process.execPath}" --conditions=@cpg/source "${MAIN}"`;
    const { status, stderr } = spawnSync(
      'bash',
      ['--norc', '-c', `${node} ${argv} | true; exit "\${PIPESTATUS[0]}"`],
      {
        encoding: 'utf8',
      },
    );
    expect(status).toBe(code);
    expect(stderr).not.toContain('EPIPE');
  });
});
