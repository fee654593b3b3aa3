import { exitCodeOf } from '../../core/exit-code.ts';
import type { CaseRecord, HeaderRecord, ResultRecord } from '../../core/record.ts';
import { tally } from '../../core/tally.ts';
import { unjudgedLayers } from '../../core/untried.ts';
import { escapeMarkup } from '../escape-markup.ts';
import { isFailure, outline, type Section } from '../outline.ts';
import { renderFailures, renderUnjudged } from './failures.ts';
import { renderFinding } from './finding.ts';
import { anchorOf, caseAnchorOf, figuresOf, renderMatrix, shadeOf } from './matrix.ts';
import { STYLE } from './style.ts';

const caseDetails = (record: CaseRecord, section: number): string => {
  const { id, description, spec, verdict, reason, finding, durationMs } = record;
  const body = [
    `<p>${escapeMarkup(description)} <span class="note">Contract ${escapeMarkup(spec)}, ${durationMs} ms.</span></p>`,
    reason === undefined ? '' : `<p>${escapeMarkup(reason)}</p>`,
    finding === undefined ? '' : renderFinding(finding),
  ].join('');
  const summary = `<span class="verdict ${shadeOf([record])}">${verdict}</span> <code>${escapeMarkup(id)}</code>`;
  return `<details id="${caseAnchorOf(section, id)}"${isFailure(record) ? ' open' : ''}><summary>${summary}</summary>${body}</details>`;
};

const groupDetails = (section: Section, index: number, group: string): string => {
  const cases = section.cases.filter((each) => each.group === group);
  const sorted = cases.toSorted((a, b) => Number(isFailure(b)) - Number(isFailure(a)));
  const isOpen = cases.some(isFailure) ? ' open' : '';
  return `<details id="${anchorOf(index, group)}"${isOpen}><summary><h3><span class="verdict ${shadeOf(cases)}">${figuresOf(cases)}</span> ${escapeMarkup(group)}</h3></summary>${sorted.map((each) => caseDetails(each, index)).join('')}</details>`;
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
  const header = records.find((record): record is HeaderRecord => record.type === 'header');
  const verdict = { 0: 'conformant', 1: 'not conformant' }[exitCodeOf(records)] ?? 'no verdict';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>CPG conformance: ${counts.pass} of ${planned}</title><style>${STYLE}</style></head><body><main>
<h1>CPG conformance: ${verdict}</h1>
<p>${counts.pass} of ${planned} cases pass, ${counts.fail + counts.xpass} fail, ${counts.error} without a verdict,
${counts.warn} warn, ${counts.xfail} known failures, ${counts.notapplicable} not applicable${seen === planned ? '' : `, ${planned - seen} missing`}.</p>
<p class="note">${escapeMarkup(header === undefined ? '' : `Suite ${header.suiteVersion}, ${header.startedAt}, seed ${header.seed}.`)}</p>
${renderUnjudged(unjudgedLayers(records))}
${renderMatrix(sections)}
${renderFailures(sections)}
${sections.map(sectionDetails).join('\n')}
</main></body></html>
`;
};
