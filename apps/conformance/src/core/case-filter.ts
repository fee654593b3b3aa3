/** Whether an id fits a pattern: letters stand for themselves, `*` for any run of characters. */
export const fits = (pattern: string, id: string): boolean => {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`).test(id);
};

/** Which cases of a suite a run tries. */
export interface CaseFilter {
  /** How it was asked for; a partial run says so. */
  readonly pattern: string;
  readonly matches: (id: string) => boolean;
}

/** The cases whose id fits a pattern; no filter without one. */
export const caseFilter = (pattern: string | undefined): CaseFilter | undefined =>
  pattern === undefined ? undefined : { pattern, matches: (id) => fits(pattern, id) };

interface Choosable {
  readonly id: string;
  readonly always?: boolean;
}

/** The cases that a filter lets through and, when there are any, those that are tried with all others. */
export const chooseCases = <Case extends Choosable>(
  cases: readonly Case[],
  filter: CaseFilter | undefined,
): readonly Case[] => {
  const isWanted = ({ id }: Case): boolean => filter?.matches(id) ?? true;
  return cases.some(isWanted) ? cases.filter((each) => each.always === true || isWanted(each)) : [];
};
