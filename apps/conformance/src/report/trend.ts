import type { CaseRecord, HeaderRecord, ResultRecord } from '../core/record.ts';
import { tally } from '../core/tally.ts';
import { STYLE } from './html.ts';
import { isFailure, outline, type Section } from './outline.ts';
import { escapeMarkup, visible } from './visible.ts';

/** One implementation on one layer in one run, compared with the run before it. */
export interface TrendRow {
  readonly startedAt: string;
  readonly seed: string;
  readonly suiteVersion: string;
  readonly planned: number;
  readonly pass: number;
  readonly failed: number;
  readonly warn: number;
  /** Cases that fail now and passed before, or are new. */
  readonly newlyFailing: readonly string[];
  /** Cases that failed before and do not now. */
  readonly fixed: readonly string[];
}

/** The runs of one implementation on one layer, the oldest first. */
export interface Trend {
  readonly layer: string;
  readonly implementation: string;
  readonly rows: readonly TrendRow[];
}

interface Run {
  readonly header: HeaderRecord;
  readonly section: Section;
}

const getFailing = ({ cases }: Section): ReadonlySet<string> =>
  new Set(cases.filter(isFailure).map(({ id }) => id));

const getIds = (cases: readonly CaseRecord[]): ReadonlySet<string> => new Set(cases.map(({ id }) => id));

const compare = ({ header, section }: Run, before: Run | undefined): TrendRow => {
  const { counts } = tally([section.about, ...section.cases]);
  const now = getFailing(section);
  const then = before === undefined ? new Set<string>() : getFailing(before.section);
  const tried = getIds(section.cases);
  return {
    startedAt: header.startedAt,
    seed: header.seed,
    suiteVersion: header.suiteVersion,
    planned: section.about.planned,
    pass: counts.pass,
    failed: now.size,
    warn: counts.warn,
    newlyFailing: before === undefined ? [] : [...now].filter((id) => !then.has(id)),
    // A case that was not tried this time is not fixed.
    fixed: [...then].filter((id) => tried.has(id) && !now.has(id)),
  };
};

/** Compares each run of several result files with the one before it, by implementation and layer. */
export const createTrends = (files: readonly (readonly ResultRecord[])[]): readonly Trend[] => {
  const runs = files
    .flatMap((records): readonly Run[] => {
      const header = records.find((record) => record.type === 'header');
      return header === undefined ? [] : outline(records).map((section) => ({ header, section }));
    })
    .toSorted((a, b) => a.header.startedAt.localeCompare(b.header.startedAt));
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const { layer, implementation } = run.section.about;
    const key = `${layer}\n${implementation}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].map((group) => {
    const { layer = '', implementation = '' } = group[0]?.section.about ?? {};
    return {
      layer,
      implementation,
      rows: group.map((run, index) => compare(run, group[index - 1])),
    };
  });
};

const IDS_SHOWN = 8;

const formatIds = (ids: readonly string[]): string =>
  ids.length <= IDS_SHOWN
    ? ids.join(', ')
    : `${ids.slice(0, IDS_SHOWN).join(', ')} and ${ids.length - IDS_SHOWN} more`;

/** Formats trends as text: a line for each run, and the cases that changed. */
export const renderTrendText = (trends: readonly Trend[]): string => {
  const lines = trends.flatMap(({ layer, implementation, rows }) => [
    `${layer} ${implementation}`,
    ...rows.flatMap(({ startedAt, pass, planned, failed, warn, seed, newlyFailing, fixed }) => [
      `  ${startedAt}  pass ${pass}/${planned}  failed ${failed}  warn ${warn}  seed ${seed}`,
      ...(newlyFailing.length === 0 ? [] : [`    newly failing: ${formatIds(newlyFailing)}`]),
      ...(fixed.length === 0 ? [] : [`    fixed: ${formatIds(fixed)}`]),
    ]),
    '',
  ]);
  return `${lines.map(visible).join('\n')}`;
};

const bar = ({ pass, failed, planned }: TrendRow): string => {
  const width = (count: number) => ((100 * count) / Math.max(1, planned)).toFixed(1);
  return `<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="${pass} of ${planned} pass"><rect class="rest" width="100" height="10"/><rect class="passed" width="${width(pass)}" height="10"/><rect class="failed" x="${width(pass)}" width="${width(failed)}" height="10"/></svg>`;
};

const list = (ids: readonly string[]): string =>
  ids.length === 0
    ? ''
    : `<details><summary>${ids.length}</summary>${ids.map((id) => `<code>${escapeMarkup(id)}</code>`).join('<br>')}</details>`;

const tableRow = (row: TrendRow): string => {
  const { startedAt, seed, suiteVersion, pass, planned, failed, warn, newlyFailing, fixed } = row;
  const shade = failed > 0 ? 'bad' : 'ok';
  const texts = [startedAt, suiteVersion, seed].map((text) => `<td>${escapeMarkup(text)}</td>`).join('');
  return `<tr>${texts}<td>${bar(row)}</td><td class="cell">${pass}/${planned}</td><td class="cell ${shade}">${failed}</td><td class="cell">${warn}</td><td>${list(newlyFailing)}</td><td>${list(fixed)}</td></tr>`;
};

const HEADS = ['Run', 'Suite', 'Seed', '', 'Pass', 'Failed', 'Warn', 'Newly failing', 'Fixed'];

const table = ({ layer, implementation, rows }: Trend): string => {
  const head = HEADS.map((name) => `<th scope="col">${name}</th>`).join('');
  const name = `${layer}: ${escapeMarkup(implementation)}`;
  return `<h2>${name}</h2><div class="wide" role="region" aria-label="${name}" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows.map(tableRow).join('')}</tbody></table></div>`;
};

const BAR_STYLE = `
.bar { width: 10rem; height: .8rem; display: block; } .bar .rest { fill: var(--line); }
.bar .passed { fill: light-dark(#2da44e, #3fb950); } .bar .failed { fill: light-dark(#cf222e, #f85149); }
`;

/** One self-contained page: the runs of each implementation over time, and the cases that changed. */
export const renderTrendPage = (trends: readonly Trend[]): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>CPG conformance: trend</title><style>${STYLE}${BAR_STYLE}</style></head><body><main>
<h1>CPG conformance: trend</h1>
${trends.map(table).join('\n')}
</main></body></html>
`;
