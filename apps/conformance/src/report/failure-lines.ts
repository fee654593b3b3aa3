import type { CaseRecord, ResultRecord, Verdict } from '../core/record.ts';
import { diffLines } from './diff-lines.ts';
import { excerpt, LENGTHS, visible } from './visible.ts';

/** Groups items by key, in their order. `Map.groupBy` needs a newer Node.js. */
export const groupBy = <Item>(
  items: readonly Item[],
  getKey: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> => {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = getKey(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
};

/** Longer values differ in every case; `what` is enough to compare. */
const SHORT = 100;

/** A text without the parts that differ in every run: digests, ids, times. */
const shape = (text: string): string => (text.length > SHORT ? '' : text.replace(/[0-9a-f]{8,}/gi, '#'));

/** Whether a value is short and the same in every run, so that a line can show it completely. */
export const isPlain = (text: string): boolean => shape(text) === text;

/** A key that is equal for cases that failed in the same way. */
export const getKind = ({ implementation, layer, verdict, reason, diff }: CaseRecord): string => {
  const common = [implementation, layer, verdict];
  if (diff === undefined) return [...common, reason].join('\n');
  const { what, hint, expected, actual, canonical } = diff;
  // Canonical strings differ in every case.
  const values = canonical === undefined ? [shape(expected), shape(actual)] : [];
  return [...common, what, hint, ...values].join('\n');
};

const MARKS: Partial<Readonly<Record<Verdict, string>>> = { fail: '✗', error: '!', xpass: '?', warn: '~' };
const IDS_SHOWN = 3;

/** The maximum length of a value in the summary of a case. */
const GIST = 100;
/** The number of cases of one kind shown in full. */
const FULL_OF_A_KIND = 2;
/** The number of kinds with cases shown in full. */
const FULL_KINDS = 12;

/** The first ids of a list, and an ellipsis if there are more. */
export const someIds = (records: readonly CaseRecord[]): string => {
  const ids = records.slice(0, IDS_SHOWN).map(({ id }) => id);
  return [...ids, ...(records.length > IDS_SHOWN ? ['…'] : [])].join(', ');
};

const headLine = ({ verdict, id, implementation, layer, spec }: CaseRecord): string =>
  `  ${MARKS[verdict]} ${id}  (${implementation}, ${layer}, wire protocol ${spec})`;

const caseLines = (record: CaseRecord): readonly string[] => [
  '',
  headLine(record),
  `    ${record.description}`,
  ...(record.reason === undefined ? [] : [`    ${record.verdict}: ${excerpt(record.reason)}`]),
  ...(record.diff === undefined ? [] : diffLines(record.diff).map((line) => `    ${line}`)),
  ...(record.repeat === undefined ? [] : [`    repeat    ${visible(record.repeat)}`]),
];

/** The outcome of a case in a few words. */
const gist = ({ diff, reason = '' }: CaseRecord): string => {
  if (diff === undefined) return excerpt(reason, { length: LENGTHS.cell });
  const { what, expected, actual, hint, canonical, firstDifference: at } = diff;
  const advice = hint === undefined ? '' : `; hint: ${excerpt(hint, { length: LENGTHS.cell })}`;
  const isShowable = canonical === undefined && isPlain(expected) && isPlain(actual);
  if (at !== undefined && !isShowable) return `${visible(what)} differs, first at byte ${at}${advice}`;
  const [due, came] = [expected, actual].map((text) => excerpt(text, { length: GIST }));
  return `${visible(what)}: expected ${due}, got ${came}${advice}`;
};

/** Cases without a verdict for the same reason. */
const errorLines = (first: CaseRecord, group: readonly CaseRecord[]): readonly string[] => [
  '',
  `  ! ${group.length} cases without a verdict  (${first.implementation}, ${first.layer})`,
  `    error: ${excerpt(first.reason ?? '')}`,
  `    ${someIds(group)}`,
];

interface Shown {
  readonly lines: readonly string[];
  /** Whether a case is not shown in full. */
  readonly isFolded: boolean;
}

const restLine = (shown: number, rest: readonly CaseRecord[]): readonly string[] => {
  const [next] = rest;
  if (next === undefined) return [];
  if (shown > 0) return ['', `  … and ${rest.length} more like this: ${gist(next)}  (${someIds(rest)})`];
  const others = rest.length > 1 ? `; and ${rest.length - 1} more like this` : '';
  return ['', headLine(next), `    ${gist(next)}${others}`];
};

const showKind = (group: readonly CaseRecord[], index: number): Shown => {
  const [first] = group;
  if (first?.verdict === 'error' && group.length > 1)
    return { lines: errorLines(first, group), isFolded: false };
  const inFull = index < FULL_KINDS ? group.slice(0, FULL_OF_A_KIND) : [];
  const rest = group.slice(inFull.length);
  return {
    lines: [...inFull.flatMap(caseLines), ...restLine(inFull.length, rest)],
    isFolded: rest.length > 0,
  };
};

/** Sorts warnings after failures. */
const warnsLast = ([one]: readonly CaseRecord[], [other]: readonly CaseRecord[]): number =>
  Number(one?.verdict === 'warn') - Number(other?.verdict === 'warn');

/**
 * The failures, with reasons. Cases that failed in the same way are folded, the first two in full and the
 * others in a line that counts them, so that the report of a broken recipe, which fails everything, stays
 * readable.
 */
export const failureLines = (records: readonly ResultRecord[]): readonly string[] => {
  const failed = records
    .filter((record) => record.type === 'case')
    .filter(({ verdict }) => MARKS[verdict] !== undefined);
  const kinds = [...groupBy(failed, getKind).values()].toSorted(warnsLast).map(showKind);
  const stale = records
    .filter((record) => record.type === 'expectation')
    .flatMap(({ entry }) => [
      '',
      `  ? known failure matches no case: ${entry}. Remove it or fix its pattern.`,
    ]);
  const isFolded = kinds.some((each) => each.isFolded);
  const advice = isFolded ? ['', '  --html and --jsonl keep every one of them.'] : [];
  return [...kinds.flatMap(({ lines }) => lines), ...stale, ...advice];
};
