import type { Diff, Exchange } from '../core/checker.ts';
import type {
  CaseRecord,
  HeaderRecord,
  ImplementationRecord,
  ResultRecord,
  Verdict,
} from '../core/record.ts';
import { getExitCode, tally, unjudgedLayers } from '../core/tally.ts';
import { hasHiddenBytes, hexdump, linePairs } from './diff-lines.ts';
import { isFailure, oneLine, outline, type Section } from './outline.ts';
import { linkSections } from './sections.ts';
import { escapeMarkup, excerpt, LENGTHS, visible, visibleLines } from './visible.ts';

/** Works in light and dark mode, without scripts and external resources. */
export const STYLE = `
:root { color-scheme: light dark; --ok: light-dark(#d9f2df, #12381f); --bad: light-dark(#fbd9d7, #551b18);
  --odd: light-dark(#fdeec8, #4a3a0c); --none: light-dark(#eeeeee, #2a2a2a); --line: light-dark(#cccccc, #444444);
  --text: light-dark(#1c1c1c, #e8e8e8); --page: light-dark(#ffffff, #161616); --link: light-dark(#0b57d0, #8ab4f8); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
h3 { font: inherit; display: inline; } summary h2 { display: inline; } li { overflow-wrap: anywhere; } h4 { font-size: inherit; margin: .8rem 0 .2rem; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; margin: 1.2rem 0; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; }
td.cell { text-align: right; font-variant-numeric: tabular-nums; }
td.cell a { color: inherit; display: block; }
.ok { background: var(--ok); } .bad { background: var(--bad); } .odd { background: var(--odd); } .none { background: var(--none); }
details { border: 1px solid var(--line); border-radius: 4px; margin: .4rem 0; padding: .3rem .7rem; }
summary { cursor: pointer; }
summary .verdict { display: inline-block; min-width: 4.5rem; padding: 0 .4rem; border-radius: 3px; text-align: center; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; } dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
code { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; background: var(--none); padding: .6rem; border-radius: 4px; font: 13px/1.45 ui-monospace, monospace; }
.wide { overflow-x: auto; } .note { opacity: .8; }
.mark { font-weight: 700; }
@media print { details::details-content { content-visibility: visible; } }
`;

const anchor = (label: string, address: string): string => `<a href="${address}">${label}</a>`;

/** The fragment id of a group of one section. */
const getGroupAnchor = (section: number, group: string): string =>
  `s${section}-${group.replace(/[^a-z0-9]+/gi, '-')}`;

/** The fragment id of a case of one section. */
const getCaseAnchor = (section: number, id: string): string =>
  `c${section}-${id.replace(/[^a-z0-9]+/gi, '-')}`;

/** Formats how many of the applicable cases pass, and how many do not apply. */
const formatFigures = (cases: readonly CaseRecord[]): string => {
  const count = (verdict: Verdict) => cases.filter((each) => each.verdict === verdict).length;
  const lacking = count('notapplicable');
  if (lacking === cases.length) return 'n/a';
  const passed = `${count('pass')}/${cases.length - lacking}`;
  return lacking === 0 ? passed : `${passed}, ${lacking} n/a`;
};

/** The combined colour of some cases. */
const getShade = (cases: readonly CaseRecord[]): 'ok' | 'bad' | 'odd' | 'none' => {
  if (cases.some(isFailure)) return 'bad';
  if (cases.some(({ verdict }) => verdict === 'warn' || verdict === 'xfail')) return 'odd';
  return cases.some(({ verdict }) => verdict === 'pass') ? 'ok' : 'none';
};

const cell = (section: Section, index: number, group: string): string => {
  const cases = section.cases.filter((each) => each.group === group);
  if (cases.length === 0) return '<td></td>';
  const shade = getShade(cases);
  // Not every reader can tell red from green.
  const mark = shade === 'bad' ? '<span class="mark">✗ </span>' : '';
  return `<td class="cell ${shade}"><a href="#${getGroupAnchor(index, group)}">${mark}${formatFigures(cases)}</a></td>`;
};

/** Implementations × groups, one table per layer; each cell links to its cases. */
const renderMatrix = (sections: readonly Section[]): string => {
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

const row = (name: string, text: string | undefined): string =>
  text === undefined ? '' : `<dt>${name}</dt><dd><code>${escapeMarkup(text)}</code></dd>`;

const canonicalTable = ({ expected, actual }: NonNullable<Diff['canonical']>): string => {
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

/** The canonical string of a request whose signature was rejected, and its bytes. */
const signedText = (canonical: string | undefined): string =>
  canonical === undefined
    ? ''
    : `<h4>Canonical string that was signed</h4><pre>${escapeMarkup(visibleLines(canonical, LENGTHS.page).join('\n'))}</pre><pre>${escapeMarkup(hexdump(canonical).join('\n'))}</pre>`;

const exchange = ({ sent, received, canonical }: Exchange): string =>
  `${message('Request', sent)}${message('Response', received)}${signedText(canonical)}`;

/**
 * Renders a diff: what was compared, the first differing byte, the canonical strings line by line, and the
 * messages on the wire.
 */
export const renderDiff = (diff: Diff): string => {
  const { what, expected, actual, canonical, firstDifference: at, exchanges = [], hint, output } = diff;
  const shown = (text: string) => excerpt(text, { around: at, length: LENGTHS.page });
  const isShownBelow = canonical?.expected === expected;
  const rows = [
    row('What', visible(what)),
    ...(isShownBelow ? [] : [row('Expected', shown(expected)), row('Actual', shown(actual))]),
    row('Differs', at === undefined ? undefined : `first at byte ${at}`),
    row('Hint', hint),
    row('Output', output === undefined ? undefined : excerpt(output, { length: LENGTHS.page })),
  ];
  return [
    `<dl>${rows.join('')}</dl>`,
    canonical === undefined ? '' : canonicalTable(canonical),
    ...exchanges.map(exchange),
  ].join('');
};

/** A longer list starts folded: the matrix shows where the failures are. */
const MAX_OPEN = 20;

const listFailures = ({ about, cases }: Section, index: number): readonly string[] =>
  cases.filter(isFailure).map((record) => {
    const { id, verdict, diff } = record;
    const gist = [oneLine(record), ...(diff?.hint === undefined ? [] : [`Hint: ${diff.hint}`])]
      .map((part) => excerpt(part, { length: LENGTHS.cell }))
      .join(' — ');
    const link = `<a href="#${getCaseAnchor(index, id)}"><code>${escapeMarkup(id)}</code></a>`;
    return `<li>${link} <span class="note">${escapeMarkup(about.implementation)}</span> ${verdict}: ${escapeMarkup(gist)}</li>`;
  });

/** A link to each case that fails the run, with a summary. */
const renderFailures = (sections: readonly Section[]): string => {
  const failures = sections.flatMap(listFailures);
  if (failures.length === 0) return '';
  const isOpen = failures.length > MAX_OPEN ? '' : ' open';
  return `<details${isOpen}><summary><h2>Failures (${failures.length})</h2></summary><ol>${failures.join('\n')}</ol></details>`;
};

/** The layers without a verdict, shown first. */
const renderUnjudged = (unjudged: readonly ImplementationRecord[]): string =>
  unjudged
    .map(
      ({ layer, implementation }) =>
        `<p><strong>No verdict on ${layer}:</strong> no case of it was judged on ${escapeMarkup(implementation)}.</p>`,
    )
    .join('\n');

const caseDetails = (record: CaseRecord, section: number): string => {
  const { id, description, spec, verdict, reason, diff, durationMs, repeat } = record;
  const body = [
    `<p>${escapeMarkup(description)} <span class="note">Wire protocol ${linkSections(escapeMarkup(spec), anchor)}, ${durationMs} ms.</span></p>`,
    reason === undefined ? '' : `<p>${escapeMarkup(reason)}</p>`,
    diff === undefined ? '' : renderDiff(diff),
    repeat === undefined ? '' : `<p>Repeat: <code>${escapeMarkup(repeat)}</code></p>`,
  ].join('');
  const summary = `<span class="verdict ${getShade([record])}">${verdict}</span> <code>${escapeMarkup(id)}</code>`;
  return `<details id="${getCaseAnchor(section, id)}"${isFailure(record) ? ' open' : ''}><summary>${summary}</summary>${body}</details>`;
};

const groupDetails = (section: Section, index: number, group: string): string => {
  const cases = section.cases.filter((each) => each.group === group);
  const sorted = cases.toSorted((a, b) => Number(isFailure(b)) - Number(isFailure(a)));
  const isOpen = cases.some(isFailure) ? ' open' : '';
  return `<details id="${getGroupAnchor(index, group)}"${isOpen}><summary><h3><span class="verdict ${getShade(cases)}">${formatFigures(cases)}</span> ${escapeMarkup(group)}</h3></summary>${sorted.map((each) => caseDetails(each, index)).join('')}</details>`;
};

const sectionDetails = (section: Section, index: number): string => {
  const { implementation, layer, language, version, notes } = section.about;
  const about = [language, version, ...notes].filter((part) => part !== undefined).join(', ');
  const groups = [...new Set(section.cases.map(({ group }) => group))];
  return [
    `<h2>${layer}: ${escapeMarkup(implementation)}</h2>`,
    `<p class="note">${escapeMarkup(about)}</p>`,
    ...groups.map((group) => groupDetails(section, index, group)),
  ].join('\n');
};

/** One self-contained page: a matrix of implementations × groups, and behind each cell its cases. */
export const renderHtml = (records: readonly ResultRecord[]): string => {
  const sections = outline(records);
  const { counts, planned, seen } = tally(records);
  const headers = records.filter((record): record is HeaderRecord => record.type === 'header');
  const verdict = { 0: 'conformant', 1: 'not conformant' }[getExitCode(records)] ?? 'no verdict';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>CPG conformance: ${counts.pass} of ${planned}</title><style>${STYLE}</style></head><body><main>
<h1>CPG conformance: ${verdict}</h1>
<p>${counts.pass} of ${planned} cases pass, ${counts.fail + counts.xpass} fail, ${counts.error} without a verdict,
${counts.warn} warn, ${counts.xfail} known failures, ${counts.notapplicable} not applicable${seen === planned ? '' : `, ${planned - seen} missing`}.</p>
${headers.map((header) => `<p class="note">${escapeMarkup(`Suite ${header.suiteVersion}, ${header.startedAt}, seed ${header.seed}.`)}</p>`).join('\n')}
${renderUnjudged(unjudgedLayers(records))}
${renderMatrix(sections)}
${renderFailures(sections)}
${sections.map(sectionDetails).join('\n')}
</main></body></html>
`;
};
