import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { itInCi } from '@cpg/test-support/programs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CaseRecord } from '../core/record.ts';
import { Randomness } from '../core/run-settings.ts';
import { readJsonLines } from '../report/json-lines.ts';
import { main } from './main.ts';

const folder = mkdtempSync(join(tmpdir(), 'cpg-reporting-'));
const path = (name: string): string => join(folder, name);

let stdout = '';
let stderr = '';
beforeEach(() => {
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A signer that responds with three wrong headers. */
const BROKEN = `'${process.execPath}' -e 'require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { cmd, id } = JSON.parse(line);
  const response = cmd === "hello" ? { name: "broken", roles: ["sign"] } : { headers: [["a", "1"], ["b", "2"], ["c", "3"]] };
  process.stdout.write(JSON.stringify({ id, ...response }) + "\\n", () => cmd === "stop" && process.exit(0));
})'`;

describe('known failures', () => {
  it('are written from a run, rejected without a reason, and work with one', async () => {
    const run = ['vectors', '--adapter', BROKEN, '--run', 'sign-worked-*'];
    expect(await main([...run, '--jsonl', path('r.jsonl')])).toBe(1);
    expect(await main(['report', path('r.jsonl'), '--write-expect', path('known.yaml')])).toBe(1);
    expect(readFileSync(path('known.yaml'), 'utf8')).toContain(
      '- case: sign-worked-example\n  implementation: broken\n  reason: ""\n',
    );

    expect(await main([...run, '--expect', path('known.yaml')])).toBe(2);
    expect(stderr).toContain('0.reason: must say why');

    const filled = readFileSync(path('known.yaml'), 'utf8').replaceAll('reason: ""', 'reason: issue 7');
    writeFileSync(path('filled.yaml'), filled);
    expect(await main([...run, '--expect', path('filled.yaml')])).toBe(0);

    expect(await main(['report', path('r.jsonl'), '--write-expect', path('known.yaml')])).toBe(2);
    expect(stderr).toContain('exists already');
  });
});

describe('--strict', () => {
  it('makes a warning a failure, in the run and in a report of it', async () => {
    const run = [
      'vectors',
      '--adapter',
      BROKEN.replace('"a", "1"', '"X-CPG-Key", "ck"'),
      '--run',
      'sign-refuse-*',
    ];
    expect(await main([...run, '--jsonl', path('warned.jsonl')])).toBe(0);
    expect(stdout).toMatch(/ fail 0 warn \d+ n\/a 0\n\d+ passed, 0 failed\n$/);
    expect(await main([...run, '--strict'])).toBe(1);
    expect(stdout).toMatch(/ fail [1-9]\d* n\/a 0\n\d+ passed, [1-9]\d* failed\n$/);
    expect(await main(['report', '--strict', path('warned.jsonl')])).toBe(1);
    expect(stdout).toMatch(/\n\d+ passed, [1-9]\d* failed\n$/);
  });
});

describe('--dryrun', () => {
  it('starts nothing and writes nothing', async () => {
    const command = [
      'vectors',
      '--dryrun',
      '--adapter',
      `touch ${path('started')}`,
      '--run',
      'sign-worked-*',
    ];
    expect(await main([...command, '--jsonl', path('dry.jsonl')])).toBe(0);
    expect(stdout).toContain('  sign-worked-example  (if it has: sign)\n');
    expect(stdout).toMatch(/\nplanned \d, not applicable 0, known at its start \d\n$/);
    expect(() => readFileSync(path('started'))).toThrow('ENOENT');
    expect(() => readFileSync(path('dry.jsonl'))).toThrow('ENOENT');
  });

  it.each<[name: string, argv: readonly string[]]>([
    ['no id fits', ['vectors', '--self', '--run', 'no-such-case']],
    ['nothing applies', ['vectors', '--one-shot', '--adapter', 'x', '--run', 'verify-vector-worked-*']],
  ])('ends with 3 when %s', async (_name, argv) => {
    expect(await main([...argv, '--dryrun'])).toBe(3);
  });
});

describe('reports', () => {
  it('omit the badge of a partial run, with a message', async () => {
    expect(await main(['vectors', '--self', '--run', 'sign-worked-*', '--badge', path('badge.json')])).toBe(
      0,
    );
    expect(stderr).toContain('badge.json was not written');
    expect(() => readFileSync(path('badge.json'))).toThrow('ENOENT');
  });

  it('say that a badge is from an earlier run', async () => {
    writeFileSync(path('old.json'), '{"color":"brightgreen"}');
    await main(['vectors', '--self', '--run', 'sign-worked-*', '--badge', path('old.json')]);
    expect(stderr).toContain('old.json is from an EARLIER run: a run with --run writes no badge');
    expect(readFileSync(path('old.json'), 'utf8')).toBe('{"color":"brightgreen"}');
  });

  it('that cannot be written are a usage error, after the result is shown', async () => {
    expect(await main(['vectors', '--self', '--run', 'sign-worked-*', '--html', folder])).toBe(2);
    expect(stdout).toMatch(/ passed, 0 failed\n$/);
    expect(stderr).toContain('A report cannot be written');
  });

  it('have the same keys for the same seed, and different keys for another', async () => {
    const getKeys = async (seed: string): Promise<readonly string[]> => {
      await main([
        'vectors',
        '--run',
        'sign-fresh-*',
        '--seed',
        seed,
        '--adapter',
        BROKEN,
        '--jsonl',
        path(seed),
      ]);
      return readFileSync(path(seed), 'utf8').match(/ck_[0-9a-f]{12}/g) ?? [];
    };
    const keys = await getKeys('x');
    expect(new Set(keys).size).toBeGreaterThan(50);
    expect(await getKeys('x')).toEqual(keys);
    expect(await getKeys('y')).not.toContain(keys[0]);
  });
});

describe('repeat', () => {
  /** Runs a text in a shell that has `cpg-conformance`. */
  const paste = (text: string) => {
    const main = join(import.meta.dirname, '../main.ts');
    const program = `#!/bin/sh\nexec '${process.execPath}' --conditions=@cpg/source '${main}' "$@"\n`;
    writeFileSync(path('cpg-conformance'), program, { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    return spawnSync('sh', ['-c', text], { encoding: 'utf8', env });
  };

  itInCi('is a command that runs the failed case again, with the same secrets, as it is pasted', async () => {
    const pattern = 'sign-{fresh-ping,ping}';
    const run = [
      'vectors',
      '--adapter',
      BROKEN,
      '--strict',
      '--run',
      pattern,
      '--jsonl',
      path('first.jsonl'),
    ];
    expect(await main(run)).toBe(1);
    const readCase = (file: string) =>
      readJsonLines(readFileSync(path(file), 'utf8')).find(
        (record) => record.type === 'case' && record.id === 'sign-fresh-ping',
      ) as CaseRecord;
    const first = readCase('first.jsonl');
    expect(first.repeat).toMatch(
      /^cpg-conformance vectors --adapter '.*' --run sign-fresh-ping --seed [0-9a-f]{16}$/s,
    );
    const { status, stdout } = paste(`${first.repeat} --jsonl '${path('again.jsonl')}'`);
    expect(stdout).toContain('✗ sign-fresh-ping');
    expect(status).toBe(1);
    const { durationMs: _first, ...one } = first;
    const { durationMs: _again, ...again } = readCase('again.jsonl');
    expect(again).toEqual(one);
  });
});

describe('--trace', () => {
  it('shows commands and responses of an adapter, without a secret', async () => {
    const run = ['vectors', '--adapter', BROKEN, '--run', 'sign-fresh-worked-example', '--seed', 'x'];
    expect(await main([...run, '--trace'])).toBe(1);
    expect(stderr).toMatch(/^# sign-fresh-worked-example\n> \{"cmd":"sign","id":"[^"]+","now":\d+,/);
    expect(stderr).toContain('"secretB64":"[secret]"}\n< {"id":"');
    const secret = new Randomness('x').secret('worked-example');
    expect(stderr).not.toContain(Buffer.from(secret).toString('base64'));
  });
});

describe('report', () => {
  const runTo = (name: string, ...more: readonly string[]) =>
    main(['vectors', '--self', '--run', 'sign-worked-*', '--jsonl', path(name), ...more]);

  it('rejects a result that is passed twice', async () => {
    await runTo('once.jsonl');
    expect(await main(['report', path('once.jsonl'), path('once.jsonl')])).toBe(2);
    expect(stderr).toMatch(
      /sign-worked-example of @cpg\/protocol \(vectors\) occurs twice: in .*once\.jsonl and in .*once\.jsonl/,
    );
  });

  it('is complete when every planned case has a record, whatever it says', async () => {
    await main(['client', '--exec', 'no-such-program', '--run', 'client-call-*', '--jsonl', path('e.jsonl')]);
    stdout = '';
    expect(await main(['report', path('e.jsonl')])).toBe(3);
    expect(stdout).not.toContain('INCOMPLETE');
    expect(stdout).toMatch(/\n0 failed, (\d+) without a verdict:\n.*\n0 passed, \1 failed\n$/);
  });

  it.each<[name: string, make: (whole: string) => string]>([
    ['was broken off', (whole) => whole.split('\n').slice(0, -2).join('\n')],
    ['lacks a case', (whole) => whole.replace(/^\{"type":"case".*\n/m, '')],
    ['had nothing to try', (whole) => whole.replace(/^\{"type":"(?:case|implementation)".*\n/gm, '')],
  ])('is incomplete when one file %s', async (_name, make) => {
    await runTo('whole.jsonl');
    await main(['vectors', '--self', '--run', 'verify-vector-worked-*', '--jsonl', path('part.jsonl')]);
    writeFileSync(path('part.jsonl'), make(readFileSync(path('part.jsonl'), 'utf8')));
    expect(await main(['report', path('whole.jsonl')])).toBe(0);
    expect(await main(['report', path('whole.jsonl'), path('part.jsonl')])).toBe(3);
    expect(stdout).toContain('INCOMPLETE');
  });
});

describe('trend', () => {
  it('prints and writes the runs of several files, and rejects what is none', async () => {
    const run = ['vectors', '--self', '--run', 'sign-worked-*'];
    for (const name of ['one', 'two']) await main([...run, '--seed', name, '--jsonl', path(`${name}.jsonl`)]);
    stdout = '';
    expect(
      await main(['trend', path('one.jsonl'), path('two.jsonl'), '--html', path('new/trend.html')]),
    ).toBe(0);
    expect(stdout).toMatch(/^vectors @cpg\/protocol\n.* seed one\n.* seed two\n/);
    expect(readFileSync(path('new/trend.html'), 'utf8')).toContain('<h2>vectors: @cpg/protocol</h2>');
    expect(await main(['trend', path('new/trend.html')])).toBe(2);
    expect(await main(['trend', path('one.jsonl'), '--html', folder])).toBe(2);
  });
});

describe('a command that cannot be started', () => {
  it.each([
    ['an adapter', []],
    ['a one-shot command', ['--one-shot']],
  ])('is one message, not one a case: %s', async (_name, oneShot) => {
    expect(await main(['client', '--exec', 'no-such-program', '--run', 'client-call-*', ...oneShot])).toBe(3);
    expect(stdout.match(/no-such-program: not found/g)).toHaveLength(1);
  });
});
