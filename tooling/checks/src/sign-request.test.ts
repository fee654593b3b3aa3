import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readVectorFile, vectorBodyBytes } from '@cpg/protocol/vectors';
import { describeInCi } from '@cpg/test-support/programs';
import { afterAll, beforeAll, expect, it } from 'vitest';

const RUNNERS = fileURLToPath(new URL('../sign-request', import.meta.url));
const { vectors } = readVectorFile('request-signing');

// The guide on authentication shows these files; each signs every vector in one process of its language.
describeInCi('the helper sign_request', () => {
  let folder: string;
  /** A line for each vector: secret and target in base64, timestamp, method, and the file of the body. */
  let input: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cpg-sign-request-'));
    const lines = vectors.map(({ id, secretB64, timestamp, method, target, bodyB64 }) => {
      const body = join(folder, id);
      writeFileSync(body, vectorBodyBytes(bodyB64));
      return [secretB64, timestamp, method, Buffer.from(target, 'latin1').toString('base64'), body].join(' ');
    });
    input = `${lines.join('\n')}\n`;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (program: string, parameters: readonly string[], cwd = RUNNERS): string => {
    const { stdout, stderr, error } = spawnSync(program, parameters, {
      cwd,
      input,
      encoding: 'utf8',
      // Go keeps its build cache under HOME, which CI may not set.
      env: { ...process.env, GOCACHE: join(folder, 'go-cache'), GO111MODULE: 'off' },
    });
    expect(error).toBeUndefined();
    expect(stderr).toBe('');
    return stdout;
  };

  const expectSignatures = (output: string): void => {
    const signatures = output.trimEnd().split('\n');
    expect(Object.fromEntries(vectors.map(({ id }, index) => [id, signatures[index]]))).toEqual(
      Object.fromEntries(vectors.map(({ id, signature }) => [id, signature])),
    );
  };

  it.each([
    ['bash', 'bash', ['run.sh']],
    ['Python', 'python3', ['run.py']],
    ['Node.js', process.execPath, ['run.mjs']],
    ['PHP', 'php', ['run.php']],
    ['Ruby', 'ruby', ['run.rb']],
  ])('in %s passes all signing vectors', (_language, program, parameters) => {
    expectSignatures(run(program, parameters));
  });

  it('in Go passes all signing vectors', () => {
    // The files of a program must be in one folder.
    for (const file of ['run.go', '../../../examples/go/sign_request.go']) {
      copyFileSync(join(RUNNERS, file), join(folder, basename(file)));
    }
    expectSignatures(run('go', ['run', 'run.go', 'sign_request.go'], folder));
  });

  it('in Java passes all signing vectors', () => {
    run('javac', ['-d', folder, 'RunVectors.java', '../../../examples/java/SignRequest.java']);
    expectSignatures(run('java', ['-cp', folder, 'RunVectors']));
  });
});
