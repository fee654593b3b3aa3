import type { Layer } from '../core/verdict.ts';
import { type CatalogueEntry, catalogue } from './catalogue.ts';
import { meaningOf } from './needs.ts';
import { UsageError } from './usage-error.ts';

const similar = (id: string, ids: readonly string[]): readonly string[] => {
  const words = id.split('-').filter((word) => word.length > 2);
  const score = (candidate: string) => words.filter((word) => candidate.includes(word)).length;
  return ids
    .filter((candidate) => score(candidate) > 0)
    .toSorted((a, b) => score(b) - score(a))
    .slice(0, 5);
};

const LEVELS = Object.freeze({
  MUST: 'MUST: a departure is a failure',
  SHOULD: 'SHOULD: a departure is a warning, and a failure with --strict',
});

const TARGETS: Readonly<Record<Layer, string>> = {
  vectors: '--adapter "…"',
  client: '--exec "…"',
  server: '--url … --keys …',
};

const needsOf = ({ layer, needs = [] }: CatalogueEntry): readonly string[] => {
  if (needs.length > 0) return needs.map((need) => `${need}: ${meaningOf(need, layer) ?? need}`);
  return [layer === 'server' ? 'nothing more than --url and --keys' : 'nothing'];
};

/** What one case asks for. Throws a `UsageError` that names similar ids when there is none of this name. */
export const explain = (id: string): string => {
  const all = catalogue();
  const entry = all.find((each) => each.id === id);
  if (entry === undefined) {
    const near = similar(
      id,
      all.map((each) => each.id),
    );
    const advice = near.length > 0 ? `Did you mean ${near.join(', ')}?` : '`list` shows every id.';
    throw new UsageError(`No case is called ${id}. ${advice}`);
  }
  const { layer, group, description, spec, level = 'MUST' } = entry;
  const [need, ...otherNeeds] = needsOf(entry);
  return `${[
    entry.id,
    '',
    `  ${description}`,
    '',
    `  layer     ${layer}`,
    `  group     ${group}`,
    `  contract  ${spec}`,
    `  level     ${LEVELS[level]}`,
    `  needs     ${need}`,
    ...otherNeeds.map((each) => `            ${each}`),
    `  repeat    cpg-conformance ${layer} ${TARGETS[layer]} --run ${entry.id}`,
  ].join('\n')}\n`;
};
