import type { Exchange, Finding } from '../../core/finding.ts';
import { escapeMarkup } from '../escape-markup.ts';
import { hasHiddenBytes, hexdump } from '../hexdump.ts';
import { linePairs } from '../line-pairs.ts';
import { excerpt, LENGTHS, visible, visibleLines } from '../visible.ts';

const row = (name: string, text: string | undefined): string =>
  text === undefined ? '' : `<dt>${name}</dt><dd><code>${escapeMarkup(text)}</code></dd>`;

const canonicalTable = ({ expected, actual }: NonNullable<Finding['canonical']>): string => {
  const heads = ['expected', ...(actual === undefined ? [] : ['actual'])];
  const rows = linePairs(expected, actual ?? expected, LENGTHS.page).map((pair) => {
    const cells = actual === undefined ? [pair.expected] : [pair.expected, pair.actual];
    const shade = pair.isEqual ? '' : ' class="bad"';
    const mark = pair.isEqual ? '' : '<span class="mark">≠ </span>';
    return `<tr${shade}>${cells.map((cell, index) => `<td>${index === 0 ? mark : ''}<code>${escapeMarkup(cell)}</code></td>`).join('')}</tr>`;
  });
  const head = heads.map((name) => `<th scope="col">${name}</th>`).join('');
  return `<div class="wide" role="region" aria-label="Canonical string" tabindex="0"><table class="lines"><caption>Canonical string</caption><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
};

const message = (name: string, text: string): string => {
  if (text === '') return '';
  const bytes = hasHiddenBytes(text)
    ? `<p class="note">Bytes:</p><pre>${escapeMarkup(hexdump(text).join('\n'))}</pre>`
    : '';
  return `<h4>${name}</h4><pre>${escapeMarkup(visibleLines(text, LENGTHS.page).join('\n'))}</pre>${bytes}`;
};

const exchange = ({ sent, received }: Exchange): string =>
  `${message('Request', sent)}${message('Response', received)}`;

/** A finding: what was looked at, where the two part, the canonical strings line by line, and what went over the wire. */
export const renderFinding = (finding: Finding): string => {
  const { what, expected, actual, canonical, firstDifference: at, exchanges = [], hint, curl } = finding;
  const shown = (text: string) => excerpt(text, { around: at, length: LENGTHS.page });
  const isShownBelow = canonical?.expected === expected;
  const rows = [
    row('What', visible(what)),
    ...(isShownBelow ? [] : [row('Expected', shown(expected)), row('Actual', shown(actual))]),
    row('Differs', at === undefined ? undefined : `first at byte ${at}`),
    row('Hint', hint),
    row('Repeat', curl === undefined ? undefined : visible(curl)),
  ];
  return [
    `<dl>${rows.join('')}</dl>`,
    canonical === undefined ? '' : canonicalTable(canonical),
    ...exchanges.map(exchange),
  ].join('');
};
