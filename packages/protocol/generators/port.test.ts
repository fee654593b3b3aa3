import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithProgram } from '@cpg/test-support/programs';
import { afterAll, expect, it } from 'vitest';

const port = join(import.meta.dirname, '../../../examples/port');
const vectors = join(import.meta.dirname, '../vectors');
const folder = mkdtempSync(join(tmpdir(), 'cpg-port-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (where: string) =>
  spawnSync('python3', ['-B', join(where, 'run_vectors.py'), vectors], { encoding: 'utf8' });

describeWithProgram('python3', 'examples/port', () => {
  it('passes every vector, with the output that its README shows', () => {
    const { status, stdout, stderr } = run(port);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const counts =
      /^request-signing: (\d+) of \1\nrequest-verification: (\d+) of \2\nwebhooks: (\d+) of \3\n$/;
    expect(stdout).toMatch(counts);
    expect(readFileSync(join(port, 'README.md'), 'utf8').replace(/^ {4}/gm, '')).toContain(stdout);
  });

  it.each([
    ['<= WINDOW_SECONDS', '< WINDOW_SECONDS', 'window-past-300'],
    ['fullmatch(r"0|[1-9][0-9]{0,14}"', 'match(r"(?:0|[1-9][0-9]{0,14})$"', 'timestamp-trailing-lf'],
    ['target.partition("?")', 'target.rpartition("?")', 'query-second-qmark'],
    ['signature.lower()', 'signature', 'webhook-signature-upper'],
  ])('fails when it has %s changed to %s', (good, bad, id) => {
    cpSync(port, folder, { recursive: true });
    const source = readFileSync(join(port, 'cpg.py'), 'utf8');
    expect(source).toContain(good);
    writeFileSync(join(folder, 'cpg.py'), source.replace(good, bad));
    const { status, stderr } = run(folder);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(`FAILED ${id}\n`) });
  });
});
