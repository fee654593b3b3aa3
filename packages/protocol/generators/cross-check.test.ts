import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeInCi, describeWithProgram } from '@cpg/test-support/programs';
import { afterAll, describe, expect, it } from 'vitest';
import { getValuePaths, type ValuePath, withFlippedBit, withFlippedHeader } from './flip-bit.ts';

interface VectorDocument {
  readonly count: number;
  readonly vectors: readonly (Record<string, unknown> & { readonly id: string })[];
}

const here = import.meta.dirname;
const NAMES = ['request-signing', 'request-verification', 'webhooks'];
const documents = NAMES.map(
  (name): VectorDocument => JSON.parse(readFileSync(join(here, `../vectors/${name}.json`), 'utf8')),
);
const total = documents.reduce((sum, { count }) => sum + count, 0);

// Not spawnSync: a worker that is blocked for a minute counts as lost.
const run = (program: string, ...given: readonly string[]) =>
  new Promise<{ status: unknown; stdout: string; stderr: string }>((resolve) => {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    execFile(program, given, { encoding: 'utf8', env }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : error.code, stdout, stderr }),
    );
  });

const CROSS_CHECKS = [
  {
    needs: 'node',
    program: process.execPath,
    script: 'check.mjs',
    says: `node: ${total} vectors, 0 failures\n`,
  },
  {
    needs: 'python3',
    program: 'python3',
    script: 'check.py',
    says: `python: ${total} vectors, 0 failures\n`,
  },
  { needs: 'php', program: 'php', script: 'check.php', says: `php: ${total} vectors, 0 failures\n` },
  {
    needs: 'openssl',
    program: 'bash',
    script: 'check.sh',
    says: /^openssl: [1-9][0-9]{2} signatures, 0 failures\n$/,
  },
];

const committedValues = documents.flatMap((document, file) =>
  document.vectors.flatMap((vector) => getValuePaths(vector).map((path) => ({ file, vector, path }))),
);
// One value of every kind; the programs other than Node's take too long for more than two thousand runs.
const getKind = ({ block, name }: ValuePath): string => `${block ?? ''} ${name}`;
const sample = [...new Map(committedValues.map((value) => [getKind(value.path), value])).values()];

const folder = mkdtempSync(join(tmpdir(), 'cpg-cross-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Writes vector files of one vector each, so that a flipped bit is found soon; `flipped` takes the first
 * one's place.
 */
const writeFiles = (file: number, flipped: Record<string, unknown>): void => {
  documents.forEach((document, index) => {
    const vectors = [index === file ? flipped : document.vectors[0]];
    writeFileSync(join(folder, `${NAMES[index]}.json`), JSON.stringify({ ...document, count: 1, vectors }));
  });
};

for (const { needs, program, script, says } of CROSS_CHECKS) {
  // A process for each value makes the shell script slow.
  const describeCheck = script.endsWith('.sh') ? describeInCi : describeWithProgram.bind(undefined, needs);
  describeCheck(`generators/${script}`, () => {
    it('computes every committed value', async () => {
      const result = await run(program, join(here, script));
      expect(result).toEqual({
        status: 0,
        stdout: says instanceof RegExp ? expect.stringMatching(says) : says,
        stderr: '',
      });
    }, 300_000);

    it('fails on a flipped bit, and names the vector', async () => {
      expect(sample.length).toBeGreaterThan(15);
      for (const { file, vector, path } of sample) {
        writeFiles(file, withFlippedBit(vector, path));
        const result = await run(program, join(here, script), folder);
        expect({ status: result.status, stderr: result.stderr }).toEqual({
          status: 1,
          stderr: expect.stringContaining(vector.id),
        });
      }
    }, 300_000);

    it('fails when there are no vectors', async () => {
      documents.forEach((document, index) => {
        const empty = { ...document, count: 0, vectors: [] };
        writeFileSync(join(folder, `${NAMES[index]}.json`), JSON.stringify(empty));
      });
      expect((await run(program, join(here, script), folder)).status).toBe(1);
    });
  });
}

describe('a flipped bit of any committed value', async () => {
  const { findFailures } = (await import(new URL('./check.mjs', import.meta.url).href)) as {
    findFailures: (vector: unknown) => string[];
  };

  it('is found', () => {
    expect(committedValues.length).toBeGreaterThan(2000);
    const unnoticed = committedValues.filter(
      ({ vector, path }) => findFailures(withFlippedBit(vector, path)).length === 0,
    );
    expect(unnoticed.map(({ vector, path }) => `${vector.id} ${getKind(path)}`)).toEqual([]);
  });

  it('is found in a header that carries the sender’s signature', () => {
    const vectors = documents.flatMap((document) => document.vectors);
    const genuine = vectors.filter(({ signatureHeader }) => signatureHeader === 'genuine');
    expect(genuine.length).toBeGreaterThan(250);
    const unnoticed = genuine.filter((vector) => findFailures(withFlippedHeader(vector)).length === 0);
    expect(unnoticed.map(({ id }) => id)).toEqual([]);
  });
});

describeWithProgram('python3', 'generators/generate.py', () => {
  it('writes the committed vector files', async () => {
    const result = await run('python3', join(here, 'generate.py'), '--check');
    expect(result).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('notices a file that it did not write', async () => {
    writeFiles(0, {});
    expect(await run('python3', join(here, 'generate.py'), '--check', folder)).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'Differs from what generate.py writes: request-signing.json, request-verification.json, webhooks.json\n',
    });
  });
});
