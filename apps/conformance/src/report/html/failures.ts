import type { ImplementationRecord } from '../../core/record.ts';
import { escapeMarkup } from '../escape-markup.ts';
import { isFailure, oneLine, type Section } from '../outline.ts';
import { excerpt, LENGTHS } from '../visible.ts';
import { caseAnchorOf } from './matrix.ts';

const failuresOf = ({ cases }: Section, index: number): readonly string[] =>
  cases.filter(isFailure).map((record) => {
    const { id, verdict } = record;
    const gist = excerpt(oneLine(record), { length: LENGTHS.cell });
    return `<li><a href="#${caseAnchorOf(index, id)}"><code>${escapeMarkup(id)}</code></a> ${verdict}: ${escapeMarkup(gist)}</li>`;
  });

/** What must be seen first: the layers without a verdict, and a link to each case that fails the run. */
export const renderFailures = (
  sections: readonly Section[],
  unjudged: readonly ImplementationRecord[],
): string => {
  const layers = unjudged.map(
    ({ layer, implementation }) =>
      `<p><strong>No verdict on ${layer}:</strong> no case of it was judged on ${escapeMarkup(implementation)}.</p>`,
  );
  const failures = sections.flatMap(failuresOf);
  const list =
    failures.length === 0 ? '' : `<h2>Failures (${failures.length})</h2><ol>${failures.join('\n')}</ol>`;
  return [...layers, list].join('\n');
};
