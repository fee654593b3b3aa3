import { spawnSync } from 'node:child_process';
import { describeWithProgram } from '@cpg/test-support/programs';
import { describe, expect, it } from 'vitest';
import type { ResultRecord } from '../core/record.ts';
import { createFooter } from '../core/tally.ts';
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { renderTerminal } from './terminal.ts';

const EVERY_BYTE = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
const HOSTILE = `]]><script>alert(1)</script>\u001b[31m|\`![x](http://evil)\ufffe\uffff\ud800${EVERY_BYTE}`;

const body: readonly ResultRecord[] = [
  {
    type: 'header',
    suite: 'cpg-conformance',
    format: 1,
    suiteVersion: '1',
    startedAt: HOSTILE,
    seed: HOSTILE,
  },
  {
    type: 'implementation',
    implementation: HOSTILE,
    layer: 'server',
    language: HOSTILE,
    notes: [HOSTILE],
    planned: 2,
  },
  ...(['fail', 'error'] as const).map((verdict) => ({
    type: 'case' as const,
    implementation: HOSTILE,
    layer: 'server' as const,
    id: `${verdict}-${HOSTILE}`,
    group: HOSTILE,
    description: HOSTILE,
    spec: HOSTILE,
    verdict,
    durationMs: 1,
    reason: HOSTILE,
    repeat: HOSTILE,
    diff: {
      what: HOSTILE,
      expected: HOSTILE,
      actual: HOSTILE,
      hint: HOSTILE,
      output: HOSTILE,
      canonical: { expected: HOSTILE, actual: `${HOSTILE}\n` },
      exchanges: [{ sent: HOSTILE, received: HOSTILE, canonical: HOSTILE }],
    },
  })),
  { type: 'expectation', problem: 'unmatched', entry: HOSTILE },
];
const records = [...body, createFooter(body, 1)];

describe('a hostile text', () => {
  it.each([
    ['JUnit', renderJunit],
    ['HTML', renderHtml],
    ['Markdown', renderMarkdown],
  ])('stays text in %s', (_name, render) => {
    const text = render(records);
    expect(text).not.toContain('<script');
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('makes no link and no picture in Markdown', () => {
    expect(renderMarkdown(records)).not.toMatch(/(?<!\\)!\[/);
  });

  it('does not control a terminal', () => {
    expect(renderTerminal(records).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describeWithProgram('python3', 'JUnit with a hostile text', () => {
  it('is well-formed XML', () => {
    const program =
      'import sys, xml.dom.minidom as m; print(m.parse(sys.stdin.buffer).documentElement.tagName)';
    const { stdout, stderr } = spawnSync('python3', ['-c', program], { input: renderJunit(records) });
    expect(`${stdout}${stderr}`).toBe('testsuites\n');
  });
});
