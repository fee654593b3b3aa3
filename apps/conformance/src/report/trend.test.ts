import { describe, expect, it } from 'vitest';
import type { ResultRecord, Verdict } from '../core/record.ts';
import { createTrends, renderTrendPage, renderTrendText } from './trend.ts';

const createRun = (
  day: number,
  verdicts: Readonly<Record<string, Verdict>>,
  implementation = 'my <sdk>',
): readonly ResultRecord[] => [
  {
    type: 'header',
    suite: 'cpg-conformance',
    format: 1,
    suiteVersion: '1.0.0',
    startedAt: `2026-01-0${day}T00:00:00.000Z`,
    seed: `seed${day}`,
  },
  {
    type: 'implementation',
    implementation,
    layer: 'server',
    notes: [],
    planned: Object.keys(verdicts).length,
  },
  ...Object.entries(verdicts).map(([id, verdict]) => ({
    type: 'case' as const,
    implementation,
    layer: 'server' as const,
    id,
    group: 'g',
    description: 'd',
    spec: '§1',
    verdict,
    durationMs: 1,
  })),
];

const FILES = [
  createRun(3, { a: 'pass', b: 'fail' }),
  createRun(1, { a: 'fail', b: 'pass', c: 'fail' }),
  createRun(2, { a: 'fail', b: 'fail', c: 'warn' }),
  createRun(2, { a: 'pass' }, 'another'),
];

describe('createTrends', () => {
  it('compares each run with the one before it, in the order of time', () => {
    const [trend, other] = createTrends(FILES);
    expect(
      trend?.rows.map(({ seed, failed, newlyFailing, fixed }) => ({ seed, failed, newlyFailing, fixed })),
    ).toEqual([
      { seed: 'seed1', failed: 2, newlyFailing: [], fixed: [] },
      { seed: 'seed2', failed: 2, newlyFailing: ['b'], fixed: ['c'] },
      { seed: 'seed3', failed: 1, newlyFailing: [], fixed: ['a'] },
    ]);
    expect(other).toMatchObject({ implementation: 'another', rows: [{ pass: 1, failed: 0 }] });
  });

  it('does not take a case for fixed that was not tried', () => {
    const [trend] = createTrends([createRun(1, { a: 'fail' }), createRun(2, { b: 'pass' })]);
    expect(trend?.rows[1]).toMatchObject({ newlyFailing: [], fixed: [] });
  });
});

describe('a trend', () => {
  it('is a line for each run, with what changed', () => {
    expect(renderTrendText(createTrends(FILES))).toContain(`server my <sdk>
  2026-01-01T00:00:00.000Z  pass 1/3  failed 2  warn 0  seed seed1
  2026-01-02T00:00:00.000Z  pass 0/3  failed 2  warn 1  seed seed2
    newly failing: b
    fixed: c
`);
  });

  it('is one page without scripts and external resources', () => {
    const page = renderTrendPage(createTrends(FILES));
    expect(page).not.toMatch(/<script|<link|src=|url\(|@import|https?:/);
    expect(page).toContain('<h2>server: my &lt;sdk&gt;</h2>');
    expect(page).toContain('aria-label="1 of 3 pass"');
    expect(page).toContain('<details><summary>1</summary><code>b</code></details>');
  });
});
