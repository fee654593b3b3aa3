import type { CaseRecord, ResultRecord, Verdict } from '../core/record.ts';
import { diffLines } from './diff-lines.ts';
import { excerpt, LENGTHS, visible } from './visible.ts';

/** Items under the key of each, in the order they came. `Map.groupBy` would need a newer Node.js. */
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

/** A value that is longer differs from case to case, and its `what` says enough. */
const SHORT = 100;

/** A text without what differs from run to run: digests, ids, times. */
const shape = (text: string): string => (text.length > SHORT ? '' : text.replace(/[0-9a-f]{8,}/gi, '#'));

/** Whether a value is short and has nothing in it that differs from run to run, so that a line can show it whole. */
export const isPlain = (text: string): boolean => shape(text) === text;

/** What two cases have in common that failed in the same way, each in its own place. */
export const getKind = ({ implementation, layer, verdict, reason, diff }: CaseRecord): string => {
  const common = [implementation, layer, verdict];
  if (diff === undefined) return [...common, reason].join('\n');
  const { what, hint, expected, actual, canonical } = diff;
  // A canonical string is another one in every case.
  const values = canonical === undefined ? [shape(expected), shape(actual)] : [];
  return [...common, what, hint, ...values].join('\n');
};

const MARKS: Partial<Readonly<Record<Verdict, string>>> = { fail: '✗', error: '!', xpass: '?', warn: '~' };
const IDS_SHOWN = 3;

/** Characters of a value in the gist of a case. */
const GIST = 100;
/** Cases of one kind that are shown in full. */
const FULL_OF_A_KIND = 2;
/** Kinds of which cases are shown in full. */
const FULL_KINDS = 12;

/** The first ids of a list, and a sign that there are more. */
export const someIds = (records: readonly CaseRecord[]): string => {
  const ids = records.slice(0, IDS_SHOWN).map(({ id }) => id);
  return [...ids, ...(records.length > IDS_SHOWN ? ['…'] : [])].join(', ');
};

const headLine = ({ verdict, id, implementation, layer, spec }: CaseRecord): string =>
  `  ${MARKS[verdict]} ${id}  (${implementation}, ${layer}, contract ${spec})`;

const caseLines = (record: CaseRecord): readonly string[] => [
  '',
  headLine(record),
  `    ${record.description}`,
  ...(record.reason === undefined ? [] : [`    ${record.verdict}: ${excerpt(record.reason)}`]),
  ...(record.diff === undefined ? [] : diffLines(record.diff).map((line) => `    ${line}`)),
];

/** What a case came to, in a few words. */
const gist = ({ diff, reason = '' }: CaseRecord): string => {
  if (diff === undefined) return excerpt(reason, { length: LENGTHS.cell });
  const { what, expected, actual, hint, canonical, firstDifference: at } = diff;
  if (canonical !== undefined && hint !== undefined)
    return `${visible(what)}: ${excerpt(hint, { length: LENGTHS.cell })}`;
  const isShowable = canonical === undefined && isPlain(expected) && isPlain(actual);
  if (at !== undefined && !isShowable) return `${visible(what)} differs, first at byte ${at}`;
  const [due, came] = [expected, actual].map((text) => excerpt(text, { length: GIST }));
  return `${visible(what)}: expected ${due}, got ${came}`;
};

/** Cases without a verdict for one and the same reason. */
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

/** What fails a run comes before what does not. */
const warnsLast = ([one]: readonly CaseRecord[], [other]: readonly CaseRecord[]): number =>
  Number(one?.verdict === 'warn') - Number(other?.verdict === 'warn');

/**
 * What departed and why. Cases that failed in the same way are folded: the first two in full, the others in a line that counts them; so a
 * broken recipe, which fails everything, can still be read.
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
      `  ? known failure matches no case: ${entry}. Remove it or mend its pattern.`,
    ]);
  const isFolded = kinds.some((each) => each.isFolded);
  const advice = isFolded ? ['', '  --html and --jsonl keep every one of them.'] : [];
  return [...kinds.flatMap(({ lines }) => lines), ...stale, ...advice];
};
