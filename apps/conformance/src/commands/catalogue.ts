import { CLIENT_CASES } from '../client/cases/client-suite.ts';
import { type CaseFilter, createCaseFilter } from '../core/case-filter.ts';
import type { Layer } from '../core/record.ts';
import type { ConformanceCase } from '../core/suite.ts';
import { SERVER_CASES } from '../server/cases/server-suite.ts';
import { vectorCases } from '../vectors/vectors-suite.ts';
import { UsageError } from './inputs.ts';

/** A case in the list: everything except its check. */
type CatalogueEntry = Omit<ConformanceCase<never>, 'run'> & { readonly layer: Layer };

/** Every case of the suite, in the order they run. */
export const catalogue = (): readonly CatalogueEntry[] => [
  ...vectorCases().map((each) => ({ ...each, layer: 'vectors' as const })),
  ...CLIENT_CASES.map((each) => ({ ...each, layer: 'client' as const })),
  ...SERVER_CASES.map((each) => ({ ...each, layer: 'server' as const })),
];

const ADAPTER = 'the adapter';

const OF_AN_ADAPTER: Readonly<Record<string, string>> = {
  sign: `${ADAPTER} names the role sign: it signs a given request`,
  verify: `${ADAPTER} names the role verify: it decides whether a request is accepted`,
  webhook: `${ADAPTER} names the role webhook: it decides whether a delivery is accepted`,
  call: `${ADAPTER} names the role call: it makes a call with the client`,
  errors: `${ADAPTER} reports why something failed or was rejected, as every JSON lines adapter does`,
  memory: `${ADAPTER} keeps its state between commands, as every JSON lines adapter does`,
  clock: `${ADAPTER} names the capability clock: its client's clock can be set, and waiting moves it`,
  transactions: `${ADAPTER} names the capability transactions: it supports the operation transactions.list`,
  timeout: `${ADAPTER} names the capability timeout: it sets how long its client waits for a response`,
  'text-ids': `${ADAPTER} names the capability text-ids: it passes any text to withdrawals.get as an id`,
};

const OF_A_SERVER: Readonly<Record<string, string>> = {
  clock: 'the server has a movable clock: --clock-url',
  store: 'the admission store of the server can be switched off: --store-url',
  peer: 'a second instance shares the admission store: --peer-url',
  proxy:
    'the server trusts an address of this machine as a proxy: --proxy-address, and the role ipEdges in the keys',
  only: 'the keys file has a key for each permission: only',
  odd: 'the keys file has keys with odd secrets: odd',
  withdrawal: 'the keys file defines a withdrawal: withdrawal',
  failing: 'the keys file names an address to which withdrawals fail: withdrawal.failing_to_address',
};

/** What a need of a case means, and how to meet it; `undefined` for an unknown word. */
export const describeNeed = (need: string, layer: Layer): string | undefined =>
  (layer === 'server' ? OF_A_SERVER : OF_AN_ADAPTER)[need];

/** One line per case: id, description, sections of the wire protocol; tab-separated for `cut`. */
export const list = (): string =>
  `${catalogue()
    .map(({ id, description, spec }) => [id, description, spec].join('\t'))
    .join('\n')}\n`;

const similar = (id: string, ids: readonly string[]): readonly string[] => {
  const words = id.split('-').filter((word) => word.length > 2);
  const score = (candidate: string) => words.filter((word) => candidate.includes(word)).length;
  return ids
    .filter((candidate) => score(candidate) > 0)
    .toSorted((a, b) => score(b) - score(a))
    .slice(0, 5);
};

const LEVELS = Object.freeze({
  MUST: 'MUST: a difference is a failure',
  SHOULD: 'SHOULD: a difference is a warning, and a failure with --strict',
});

const TARGETS: Readonly<Record<Layer, string>> = {
  vectors: '--adapter "…"',
  client: '--exec "…"',
  server: '--url … --keys …',
};

const describeNeeds = ({ layer, needs = [] }: CatalogueEntry): readonly string[] => {
  if (needs.length > 0) return needs.map((need) => `${need}: ${describeNeed(need, layer) ?? need}`);
  return [layer === 'server' ? 'only --url and --keys' : 'nothing'];
};

const explainEntry = (entry: CatalogueEntry): string => {
  const { layer, group, description, spec, level = 'MUST' } = entry;
  const [need, ...otherNeeds] = describeNeeds(entry);
  return `${[
    entry.id,
    '',
    `  ${description}`,
    '',
    `  layer     ${layer}`,
    `  group     ${group}`,
    `  spec      wire protocol ${spec}`,
    `  level     ${LEVELS[level]}`,
    `  needs     ${need}`,
    ...otherNeeds.map((each) => `            ${each}`),
    `  repeat    cpg-conformance ${layer} ${TARGETS[layer]} --run ${entry.id}`,
  ].join('\n')}\n`;
};

/**
 * Explains cases, by their ids or globs. Throws a `UsageError` that names similar ids for one that matches no
 * case.
 */
export const explain = (patterns: readonly string[]): string => {
  const all = catalogue();
  const chosen = patterns.flatMap((pattern) => {
    const { matches } = createCaseFilter(pattern) as CaseFilter;
    const entries = all.filter(({ id }) => matches(id));
    if (entries.length > 0) return entries;
    const near = similar(
      pattern,
      all.map((each) => each.id),
    );
    const advice = near.length > 0 ? `Did you mean ${near.join(', ')}?` : '`list` shows every id.';
    throw new UsageError(`Unknown case: ${pattern}. ${advice}`);
  });
  return [...new Set(chosen)].map(explainEntry).join('\n');
};
