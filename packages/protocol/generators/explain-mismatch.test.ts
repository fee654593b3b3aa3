import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithProgram } from '@cpg/test-support/programs';
import { afterAll, expect, it } from 'vitest';

const program = join(import.meta.dirname, 'explain_mismatch.py');
const committed = join(import.meta.dirname, '../vectors/explain-mismatch.json');
const folder = mkdtempSync(join(tmpdir(), 'cpg-explain-'));
afterAll(() => rmSync(folder, { recursive: true }));

const check = (file: string) => spawnSync('python3', ['-B', program, '--check', file], { encoding: 'utf8' });

describeWithProgram('python3', 'explain_mismatch.py', () => {
  it('makes every committed signature again', () => {
    expect(check(committed)).toMatchObject({ status: 0, stderr: '' });
  });

  it('notices one changed digit', () => {
    const file = join(folder, 'changed.json');
    const text = readFileSync(committed, 'utf8');
    writeFileSync(
      file,
      text.replace(/("signature": ")./, (_, head) => `${head}g`),
    );
    expect(check(file)).toMatchObject({
      status: 1,
      stderr: 'Differs from what explain_mismatch.py writes: changed.json\n',
    });
  });
});
