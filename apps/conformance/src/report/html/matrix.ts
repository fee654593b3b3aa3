import type { CaseRecord } from '../../core/record.ts';
import type { Verdict } from '../../core/verdict.ts';
import { escapeMarkup } from '../escape-markup.ts';
import { isFailure, type Section } from '../outline.ts';

/** The fragment id of a group of one section. */
export const anchorOf = (section: number, group: string): string =>
  `s${section}-${group.replace(/[^a-z0-9]+/gi, '-')}`;

/** The fragment id of a case of one section. */
export const caseAnchorOf = (section: number, id: string): string =>
  `c${section}-${id.replace(/[^a-z0-9]+/gi, '-')}`;

/** How many of the cases that apply pass, and how many do not apply. */
export const figuresOf = (cases: readonly CaseRecord[]): string => {
  const count = (verdict: Verdict) => cases.filter((each) => each.verdict === verdict).length;
  const lacking = count('notapplicable');
  if (lacking === cases.length) return 'n/a';
  const passed = `${count('pass')}/${cases.length - lacking}`;
  return lacking === 0 ? passed : `${passed}, ${lacking} n/a`;
};

/** The colour of some cases taken together. */
export const shadeOf = (cases: readonly CaseRecord[]): 'ok' | 'bad' | 'odd' | 'none' => {
  if (cases.some(isFailure)) return 'bad';
  if (cases.some(({ verdict }) => verdict === 'warn' || verdict === 'xfail')) return 'odd';
  return cases.some(({ verdict }) => verdict === 'pass') ? 'ok' : 'none';
};

const cell = (section: Section, index: number, group: string): string => {
  const cases = section.cases.filter((each) => each.group === group);
  if (cases.length === 0) return '<td></td>';
  const shade = shadeOf(cases);
  // Colour alone says nothing to whoever cannot tell red from green.
  const mark = shade === 'bad' ? '<span class="mark">✗ </span>' : '';
  return `<td class="cell ${shade}"><a href="#${anchorOf(index, group)}">${mark}${figuresOf(cases)}</a></td>`;
};

/** Implementations × groups, one table a layer; a cell leads to its cases. */
export const renderMatrix = (sections: readonly Section[]): string => {
  const layers = [...new Set(sections.map(({ about }) => about.layer))];
  return layers
    .map((layer) => {
      const columns = sections
        .map((section, index) => ({ section, index }))
        .filter(({ section }) => section.about.layer === layer);
      const groups = [...new Set(columns.flatMap(({ section }) => section.cases.map(({ group }) => group)))];
      const head = columns
        .map(({ section }) => `<th scope="col">${escapeMarkup(section.about.implementation)}</th>`)
        .join('');
      const rows = groups.map(
        (group) =>
          `<tr><th scope="row">${escapeMarkup(group)}</th>${columns.map(({ section, index }) => cell(section, index, group)).join('')}</tr>`,
      );
      const table = `<thead><tr><th scope="col">group</th>${head}</tr></thead><tbody>${rows.join('')}</tbody>`;
      return `<div class="wide" role="region" aria-label="${layer}" tabindex="0"><table><caption>${layer}: passed of the cases that apply</caption>${table}</table></div>`;
    })
    .join('\n');
};
