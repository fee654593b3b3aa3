import picomatch from 'picomatch';

/**
 * Returns a test of case ids for a glob pattern such as `server-rate-*`. An empty pattern matches nothing.
 */
export const createIdMatcher = (pattern: string): ((id: string) => boolean) =>
  pattern === '' ? () => false : picomatch(pattern);

/** The cases of a suite that a run tries. */
export interface CaseFilter {
  /** As given by the user, for the header of the results. */
  readonly pattern: string;
  readonly matches: (id: string) => boolean;
}

/** A filter for the cases whose id matches a pattern; no filter without a pattern. */
export const createCaseFilter = (pattern: string | undefined): CaseFilter | undefined =>
  pattern === undefined ? undefined : { pattern, matches: createIdMatcher(pattern) };

interface Choosable {
  readonly id: string;
  readonly always?: boolean;
}

/** The cases that match a filter and, if there are any, those that always run. */
export const chooseCases = <Case extends Choosable>(
  cases: readonly Case[],
  filter: CaseFilter | undefined,
): readonly Case[] => {
  const isWanted = ({ id }: Case): boolean => filter?.matches(id) ?? true;
  return cases.some(isWanted) ? cases.filter((each) => each.always === true || isWanted(each)) : [];
};
