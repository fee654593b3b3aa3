import type { ImplementationRecord } from '../../core/record.ts';
import { escapeMarkup } from '../escape-markup.ts';
import { isFailure, oneLine, type Section } from '../outline.ts';
import { excerpt, LENGTHS } from '../visible.ts';
import { caseAnchorOf } from './matrix.ts';

/** More of them are folded away: the matrix says where they are. */
const MOST_OPEN = 20;

const failuresOf = ({ about, cases }: Section, index: number): readonly string[] =>
  cases.filter(isFailure).map((record) => {
    const { id, verdict, finding } = record;
    const gist = excerpt(finding?.hint ?? oneLine(record), { length: LENGTHS.cell });
    const link = `<a href="#${caseAnchorOf(index, id)}"><code>${escapeMarkup(id)}</code></a>`;
    return `<li>${link} <span class="note">${escapeMarkup(about.implementation)}</span> ${verdict}: ${escapeMarkup(gist)}</li>`;
  });

/** A link to each case that fails the run, with its gist. */
export const renderFailures = (sections: readonly Section[]): string => {
  const failures = sections.flatMap(failuresOf);
  if (failures.length === 0) return '';
  const isOpen = failures.length > MOST_OPEN ? '' : ' open';
  return `<details${isOpen}><summary><h2>Failures (${failures.length})</h2></summary><ol>${failures.join('\n')}</ol></details>`;
};

/** The layers without a verdict: what must be seen first. */
export const renderUnjudged = (unjudged: readonly ImplementationRecord[]): string =>
  unjudged
    .map(
      ({ layer, implementation }) =>
        `<p><strong>No verdict on ${layer}:</strong> no case of it was judged on ${escapeMarkup(implementation)}.</p>`,
    )
    .join('\n');
