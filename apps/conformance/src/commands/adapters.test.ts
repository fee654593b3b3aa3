import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeInCi, describeWithProgram } from '@cpg/test-support/programs';
import { beforeAll, expect, it, vi } from 'vitest';
import type { FooterRecord } from '../core/record.ts';
import { main } from './main.ts';

const ADAPTERS = join(import.meta.dirname, '../../adapters');

const runCommand = async (...argv: readonly string[]): Promise<{ code: number; footer: FooterRecord }> => {
  const file = join(mkdtempSync(join(tmpdir(), 'cpg-')), 'results.jsonl');
  const code = await main([...argv, '--jsonl', file]);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return { code, footer: JSON.parse(lines.at(-1) ?? '') as FooterRecord };
};

beforeAll(() => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  return () => write.mockRestore();
});

// Concurrent, because the cases of layer 2 mostly wait: for the next second, or for a client to give up.

const FULL = [
  ['python3', `python3 ${join(ADAPTERS, 'python/adapter.py')}`],
  ['php', `php ${join(ADAPTERS, 'php/adapter.php')}`],
] as const;

for (const [program, commandLine] of FULL) {
  describeWithProgram(program, `the ${program} adapter`, () => {
    it.concurrent('passes all of layer 1', async () => {
      const { code, footer } = await runCommand('vectors', '--adapter', commandLine);
      expect(footer.counts).toMatchObject({ pass: footer.planned, notapplicable: 0 });
      expect(code).toBe(0);
    });
  });

  describeInCi(`the ${program} adapter on the wire`, () => {
    it.concurrent('passes layer 2', async () => {
      const { code, footer } = await runCommand('client', '--exec', commandLine);
      expect(footer.counts).toMatchObject({ fail: 0, error: 0 });
      expect(footer.counts.pass).toBeGreaterThan(100);
      expect(code).toBe(0);
    });
  });
}

/** Each case of layer 1 once: the published vectors, which have known signatures, are left out. */
const ONCE = '{sign-fresh-*,sign-refuse-*,verify-[!v]*,webhook-*,client-*}';

const CSHARP = join(mkdtempSync(join(tmpdir(), 'cpg-csharp-')), 'adapter.exe');

const IN_CI = [
  ['csharp', `mcs -out:${CSHARP} ${join(ADAPTERS, 'csharp/Adapter.cs')} && mono ${CSHARP}`],
  ['go', `go run ${join(ADAPTERS, 'go/adapter.go')}`],
  ['java', `java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC ${join(ADAPTERS, 'java/Adapter.java')}`],
  ['ruby', `ruby ${join(ADAPTERS, 'ruby/adapter.rb')}`],
] as const;

describeInCi('the adapters in csharp, go, java and ruby', () => {
  it.concurrent.each(IN_CI)('pass both layers: %s', async (_language, commandLine) => {
    const { code, footer } = await runCommand('run', '--exec', commandLine, '--run', ONCE);
    expect(footer.counts).toMatchObject({ fail: 0, warn: 0, error: 0 });
    expect(footer.counts.pass).toBeGreaterThan(400);
    expect(code).toBe(0);
  });
});

describeInCi('the bash adapter', () => {
  const commandLine = `bash ${join(ADAPTERS, 'bash/client.sh')}`;

  it.concurrent('signs every vector', async () => {
    const { code, footer } = await runCommand(
      'vectors',
      '--adapter',
      commandLine,
      '--one-shot',
      '--run',
      'sign-*',
    );
    // It cannot report a rejection, so those cases are not applicable.
    expect(footer.counts).toMatchObject({ fail: 0, warn: 0, error: 0 });
    expect(footer.counts.pass).toBeGreaterThanOrEqual(170);
    expect(code).toBe(0);
  });

  it.concurrent('passes the applicable cases of layer 2', async () => {
    const { code, footer } = await runCommand('client', '--exec', commandLine, '--one-shot');
    expect(footer.counts).toMatchObject({ fail: 0, error: 0 });
    expect(footer.counts.pass).toBeGreaterThan(80);
    expect(code).toBe(0);
  });
});
