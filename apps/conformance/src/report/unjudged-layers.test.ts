import { describe, expect, it } from 'vitest';
import type { CaseRecord, Layer, ResultRecord, Verdict } from '../core/record.ts';
import { createFooter } from '../core/tally.ts';
import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';
import { renderTerminal } from './terminal.ts';

const on = (layer: Layer, verdict: Verdict): readonly ResultRecord[] => [
  { type: 'implementation', implementation: 'my <sdk>', layer, notes: [], planned: 1 },
  {
    type: 'case',
    implementation: 'my <sdk>',
    layer,
    id: `${layer}-case`,
    group: 'g',
    description: 'about',
    spec: '§1',
    verdict,
    durationMs: 1,
  } satisfies CaseRecord,
];

const finish = (...records: readonly ResultRecord[]) => [...records, createFooter(records, 1)];

describe('the layers without a verdict', () => {
  const green = finish(...on('vectors', 'pass'));
  const run = finish(...on('vectors', 'pass'), ...on('client', 'notapplicable'));

  it.each<[name: string, render: (records: readonly ResultRecord[]) => string, text: string]>([
    ['terminal', renderTerminal, 'NO VERDICT ON client: no case of it was judged on my <sdk>.\n'],
    [
      'HTML',
      renderHtml,
      '<strong>No verdict on client:</strong> no case of it was judged on my &lt;sdk&gt;.',
    ],
    ['Markdown', renderMarkdown, '**No verdict:** no case of client was judged on my &lt;sdk&gt;.'],
  ])('are named in %s, and only if there are any', (_name, render, text) => {
    expect(render(run)).toContain(text);
    expect(render(green)).not.toMatch(/no case of/);
  });

  it('neither hide a layer that passes nor count for it', () => {
    expect(renderHtml(run)).toContain('<h1>CPG conformance: conformant</h1>');
    expect(renderTerminal(run)).not.toContain('NOTHING TRIED');
  });
});
