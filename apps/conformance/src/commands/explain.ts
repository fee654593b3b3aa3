import { catalogue } from './catalogue.ts';
import { UsageError } from './usage-error.ts';

const similar = (id: string, ids: readonly string[]): readonly string[] => {
  const words = id.split('-').filter((word) => word.length > 2);
  const score = (candidate: string) => words.filter((word) => candidate.includes(word)).length;
  return ids
    .filter((candidate) => score(candidate) > 0)
    .toSorted((a, b) => score(b) - score(a))
    .slice(0, 5);
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
  const { layer, group, description, spec, level = 'MUST', needs = [] } = entry;
  return `${[
    entry.id,
    '',
    `  ${description}`,
    '',
    `  layer     ${layer}`,
    `  group     ${group}`,
    `  contract  ${spec}`,
    `  level     ${level}`,
    `  needs     ${needs.length === 0 ? 'nothing' : needs.join(', ')}`,
    `  repeat    cpg-conformance ${layer} --run ${entry.id} …`,
  ].join('\n')}\n`;
};
