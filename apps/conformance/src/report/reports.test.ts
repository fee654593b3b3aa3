import { describe, expect, it } from 'vitest';
import type { CaseRecord, ResultRecord } from '../core/record.ts';
import { createFooter } from '../core/tally.ts';
import { renderHtml } from './html.ts';
import { readJsonLines, renderJsonLines } from './json-lines.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { renderTerminal } from './terminal.ts';

const header: ResultRecord = {
  type: 'header',
  suite: 'cpg-conformance',
  format: 1,
  suiteVersion: '1.0.0',
  startedAt: '2026-01-01T00:00:00.000Z',
  seed: 'abc',
};
const implementation: ResultRecord = {
  type: 'implementation',
  implementation: 'my <sdk>',
  layer: 'vectors',
  notes: [],
  planned: 6,
};
const result = (fields: Pick<CaseRecord, 'id' | 'verdict'> & Partial<CaseRecord>): CaseRecord => ({
  type: 'case',
  implementation: 'my <sdk>',
  layer: 'vectors',
  group: 'sign/query',
  description: 'about',
  spec: '§1.2',
  durationMs: 12,
  ...fields,
});

const failing = result({
  id: 'sign-order',
  verdict: 'fail',
  diff: {
    what: 'query',
    expected: 'b=2&a=1',
    actual: 'a=1&b=2',
    firstDifference: 0,
    canonical: { expected: '1\nGET\n/\nb=2&a=1\ne3', actual: '1\nGET\n/\na=1&b=2\ne3' },
  },
});
const cases: readonly CaseRecord[] = [
  result({ id: 'sign-ping', verdict: 'pass' }),
  failing,
  result({ id: 'sign-known', verdict: 'xfail', reason: 'issue 7' }),
  result({ id: 'sign-stale', verdict: 'xpass', reason: 'listed, but passed' }),
  result({ id: 'sign-none', verdict: 'notapplicable', reason: 'needs: sign' }),
  result({ id: 'sign-crash', verdict: 'error', reason: 'the adapter ended (exit code 7)' }),
];
const body = [header, implementation, ...cases];
const records = [...body, createFooter(body, 99)];

const passing: readonly ResultRecord[] = [
  header,
  { ...implementation, planned: 1 } as ResultRecord,
  cases[0] as CaseRecord,
];
const green = [...passing, createFooter(passing, 5)];

describe('renderTerminal', () => {
  it('shows what failed, where, and both canonical strings with their line ends', () => {
    const text = renderTerminal(records);
    expect(text).toContain(
      `  ✗ sign-order  (my <sdk>, vectors, wire protocol §1.2)
    about
    what      query
    expected  b=2&a=1
    actual    a=1&b=2
    differs   first at byte 0
    canonical string
      expected  │ actual
      1\\n       │ 1\\n
      GET\\n     │ GET\\n
      /\\n       │ /\\n
    ≠ b=2&a=1\\n │ a=1&b=2\\n
      e3        │ e3
`,
    );
    expect(text).toContain('not applicable ×1 (my <sdk>: needs: sign): sign-none');
    expect(text.endsWith('planned 6 pass 1 fail 1 xfail 1 xpass 1 error 1 n/a 1\n2 passed, 3 failed\n')).toBe(
      true,
    );
    expect(text).toContain('\n2 failed, 1 without a verdict:\nplanned 6 ');
    expect(text).not.toContain('INCOMPLETE');
  });

  it('does not mention cases without a verdict if there are none', () => {
    expect(renderTerminal(green)).not.toContain('without a verdict');
  });

  it('says that a run was interrupted between two layers', () => {
    expect(renderTerminal(passing)).toContain('INCOMPLETE: a run was interrupted, or had nothing to try.');
  });

  it('counts a case without a verdict as failed', () => {
    const text = renderTerminal(body.slice(0, 3));
    expect(text).toContain('INCOMPLETE: 5 planned cases have no verdict.');
    expect(text).toContain('\n0 failed, 5 without a verdict:\nplanned');
    expect(text.endsWith('planned 6 pass 1 fail 0 n/a 0 MISSING 5\n1 passed, 5 failed\n')).toBe(true);
  });
});

describe('renderJunit', () => {
  it('gives each verdict its element', () => {
    const xml = renderJunit(records);
    expect(xml).toContain(
      '<testsuite name="vectors: my &lt;sdk&gt;" tests="6" failures="2" errors="1" skipped="2">',
    );
    expect(xml).toContain(
      '<testcase name="sign-ping" classname="vectors.sign/query" time="0.012"></testcase>',
    );
    expect(xml).toContain(
      '<failure message="query: expected b=2&amp;a=1, got a=1&amp;b=2">spec      wire protocol §1.2\nwhat      query\n',
    );
    expect(xml).toContain('<failure type="stale" message="listed, but passed"/>');
    expect(xml).toContain('<skipped message="xfail: issue 7">');
    expect(xml).toContain('<error message="the adapter ended (exit code 7)">');
  });

  it('has an error for planned cases without a verdict', () => {
    expect(renderJunit(body.slice(0, 3))).toContain('<error message="5 planned cases have no verdict"/>');
  });

  it('has a failure for a known failure that matches nothing', () => {
    const xml = renderJunit([...passing, { type: 'expectation', problem: 'unmatched', entry: 'old-*' }]);
    expect(xml).toContain('<testcase name="old-*" classname="known-failures"><failure type="stale"');
  });
});

describe('renderMarkdown', () => {
  it('has a line per layer and a line per failure', () => {
    const text = renderMarkdown(records);
    expect(text).toContain('## CPG conformance: ❌ 1 of 6 pass');
    expect(text).toContain('| vectors | my &lt;sdk&gt; | 6 | 1 | 2 | 1 | 0 | 1 | 1 |');
    expect(text).toContain(
      '| `sign-order` | my &lt;sdk&gt; | [§1.2](https://github.com/cpg-dev/cpg/blob/main/docs/wire-protocol.md#12-canonical-string) | fail | query: expected b=2&amp;a=1, got a=1&amp;b=2 |',
    );
    expect(renderMarkdown(green)).toContain('✅ 1 of 1 pass');
  });
});

describe('renderHtml', () => {
  it('is one page without scripts and external resources', () => {
    const html = renderHtml(records);
    expect(html).not.toMatch(/<script|<link|src=|url\(|@import/);
    // Only links, to the wire protocol.
    expect(html.replaceAll(/<a href="https:\/\/github\.com\/cpg-dev\/cpg\/[^"]+">/g, '')).not.toMatch(
      /https?:/,
    );
    expect(html).toContain(
      'Wire protocol <a href="https://github.com/cpg-dev/cpg/blob/main/docs/wire-protocol.md#12-canonical-string">§1.2</a>, 12 ms.',
    );
    expect(html).toContain('<th scope="col">my &lt;sdk&gt;</th>');
    expect(html).toContain('<a href="#s0-sign-query"><span class="mark">✗ </span>1/5, 1 n/a</a>');
    expect(html).toContain('id="s0-sign-query"');
    expect(html).toContain('<h1>CPG conformance: no verdict</h1>');
    expect(html).toContain(
      '<details open><summary><h2>Failures (3)</h2></summary><ol><li><a href="#c0-sign-order"><code>sign-order</code></a> <span class="note">my &lt;sdk&gt;</span> fail: ',
    );
    expect(html).toContain('<details id="c0-sign-order" open>');
    expect(renderHtml(green)).not.toContain('Failures');
    expect(renderHtml(green)).toContain('<h1>CPG conformance: conformant</h1>');
  });
});

describe('readJsonLines', () => {
  it('reads back what renderJsonLines writes', () => {
    expect(readJsonLines(renderJsonLines(records))).toEqual(records);
  });

  it.each(['not json', '{"type":"case"}', '[]', '{"type":"header","suite":"other","format":1}'])(
    'rejects %s',
    (line) => {
      expect(() => readJsonLines(line)).toThrow('line 1 is not a record');
    },
  );
});
