import { describe, expect, it } from 'vitest';
import type { Diff } from '../core/checker.ts';
import type { CaseRecord, ResultRecord } from '../core/record.ts';
import { createFooter } from '../core/tally.ts';
import { failureLines } from './failure-lines.ts';
import { renderTerminal } from './terminal.ts';

const error = (id: string, reason: string): CaseRecord => ({
  type: 'case',
  implementation: 'it',
  layer: 'client',
  id,
  group: 'g',
  description: 'about',
  spec: '§1',
  verdict: 'error',
  durationMs: 1,
  reason,
});

const header = (filter?: string): ResultRecord => ({
  type: 'header',
  suite: 'cpg-conformance',
  format: 1,
  suiteVersion: '1.0.0',
  startedAt: '',
  seed: '',
  ...(filter === undefined ? {} : { filter }),
});

const finish = (...records: readonly ResultRecord[]): string =>
  renderTerminal([...records, createFooter(records, 1)]);

describe('failureLines', () => {
  it('says one reason of many cases once', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    expect(failureLines(ids.map((id) => error(id, 'could not start: gone')))).toEqual([
      '',
      '  ! 5 cases without a verdict  (it, client)',
      '    error: could not start: gone',
      '    a, b, c, …',
    ]);
  });

  it('shows a reason of its own with its case', () => {
    expect(failureLines([error('a', 'gone'), error('b', 'late')])).toEqual([
      '',
      '  ! a  (it, client, wire protocol §1)',
      '    about',
      '    error: gone',
      '',
      '  ! b  (it, client, wire protocol §1)',
      '    about',
      '    error: late',
    ]);
  });
});

describe('folding', () => {
  const failed = (id: string, diff: Partial<Diff> = {}): CaseRecord => {
    const { reason: _reason, ...record } = error(id, '');
    const { what = 'status', expected = '401', actual = '200', ...more } = diff;
    return { ...record, verdict: 'fail', diff: { what, expected, actual, ...more } };
  };
  const many = (count: number, make: (index: number) => CaseRecord) =>
    Array.from({ length: count }, (_, index) => make(index));
  const HEX = '0123456789abcdef';
  const signature = (index: number) =>
    failed(`s${index}`, {
      what: 'signature',
      expected: HEX + index,
      actual: `${HEX}${HEX}${index}`,
      firstDifference: 3,
    });

  it('shows two of a kind in full, and counts the others', () => {
    const lines = failureLines(many(9, signature));
    expect(lines.filter((line) => line.startsWith('  ✗'))).toHaveLength(2);
    expect(lines.slice(-4)).toEqual([
      '',
      '  … and 7 more like this: signature differs, first at byte 3  (s2, s3, s4, …)',
      '',
      '  --html and --jsonl keep every one of them.',
    ]);
  });

  it.each<[name: string, diff: Partial<Diff>, gist: string]>([
    [
      'short values',
      { expected: '403 No', actual: '200 OK', firstDifference: 0 },
      'status: expected 403 No, got 200 OK',
    ],
    [
      'digests',
      { expected: HEX, actual: HEX.replace('0', '1'), firstDifference: 0 },
      'status differs, first at byte 0',
    ],
    ['long values', { actual: 'x'.repeat(500), firstDifference: 7 }, 'status differs, first at byte 7'],
    [
      'a likely mistake',
      { canonical: { expected: 'GET' }, hint: 'The fields were joined with CRLF.' },
      'status: expected 401, got 200; hint: The fields were joined with CRLF.',
    ],
  ])('summarises the others in a line: %s', (_name, diff, gist) => {
    const lines = failureLines(many(4, (index) => failed(`c${index}`, diff)));
    expect(lines).toContain(`  … and 2 more like this: ${gist}  (c2, c3)`);
  });

  it('does not fold two cases', () => {
    const text = failureLines(many(2, (index) => failed(`c${index}`))).join('\n');
    expect(text.match(/✗/g)).toHaveLength(2);
    expect(text).not.toMatch(/more like this|--html/);
  });

  it.each<[name: string, other: Partial<Diff>]>([
    ['what was looked at', { what: 'message' }],
    ['a hint', { hint: 'sort nothing' }],
    ['what was expected', { expected: '403' }],
    ['what came', { actual: '201' }],
  ])('keeps kinds apart that differ in %s', (_name, other) => {
    const same = many(3, (index) => failed(`c${index}`));
    const text = failureLines([...same, failed('other', other)]).join('\n');
    expect(text).toContain('  ✗ other  (it, client, wire protocol §1)');
  });

  it('ignores canonical strings, which differ in every case', () => {
    const text = failureLines(
      many(4, (index) => {
        const canonical = { expected: `GET\n/${index}`, actual: `GET\r\n/${index}` };
        return failed(`c${index}`, { what: 'canonical string', ...canonical, canonical, firstDifference: 3 });
      }),
    ).join('\n');
    expect(text).toContain('… and 2 more like this: canonical string differs, first at byte 3');
  });

  it('keeps two implementations and two verdicts apart', () => {
    const same = many(3, (index) => failed(`c${index}`));
    const others = [
      { ...failed('x'), implementation: 'another' },
      { ...failed('y'), verdict: 'warn' } as const,
    ];
    const text = failureLines([...others, ...same]).join('\n');
    expect(text).toContain('✗ x  (another');
    expect(text.indexOf('✗ c0')).toBeLessThan(text.indexOf('~ y'));
  });

  it('stays short when a broken recipe fails everything, and counts each of them', () => {
    const records = [
      ...many(3_000, signature),
      ...many(40, (index) =>
        failed(`kind${index}`, { what: `what ${index % 20}-${'x'.repeat(index % 20)}` }),
      ),
    ];
    const implementation: ResultRecord = {
      type: 'implementation',
      implementation: 'it',
      layer: 'client',
      notes: [],
      planned: records.length,
    };
    const text = finish(header(), implementation, ...records);
    expect(text.split('\n').length).toBeLessThan(300);
    expect(text.endsWith('planned 3040 pass 0 fail 3040 n/a 0\n0 passed, 3040 failed\n')).toBe(true);
    const inFull = text.match(/^ {4}expected /gm)?.length ?? 0;
    const alone = text.match(/^ {4}what \d+-x*: expected 401, got 200; and 1 more like this$/gm)?.length ?? 0;
    expect([inFull, alone]).toEqual([24, 9]);
    expect(text).toContain('… and 2998 more like this');
  });
});

describe('a run that tried nothing', () => {
  it.each<[name: string, records: readonly ResultRecord[], text: string]>([
    [
      'a pattern that matches nothing',
      [header('x-*')],
      'NOTHING TRIED: no case of this command matches --run x-*.',
    ],
    ['no case at all', [header()], 'NOTHING TRIED: no case was planned.'],
    [
      'no applicable case',
      [
        header(),
        { type: 'implementation', implementation: 'it', layer: 'client', notes: [], planned: 1 },
        { ...error('a', 'needs: call'), verdict: 'notapplicable' },
      ],
      'NO VERDICT ON client: no case of it was judged on it.\nNOTHING TRIED of it.',
    ],
  ])('says so: %s', (_name, records, text) => {
    expect(finish(...records)).toContain(text);
  });
});
