import picomatch from 'picomatch';

/** Returns a test of case ids for a glob pattern such as `server-rate-*`. An empty pattern matches nothing. */
export const createIdMatcher = (pattern: string): ((id: string) => boolean) =>
  pattern === '' ? () => false : picomatch(pattern);

/** Which cases of a suite a run tries. */
export interface CaseFilter {
  /** How it was asked for; a partial run says so. */
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

/** The cases that a filter lets through and, when there are any, those that are tried with all others. */
export const chooseCases = <Case extends Choosable>(
  cases: readonly Case[],
  filter: CaseFilter | undefined,
): readonly Case[] => {
  const isWanted = ({ id }: Case): boolean => filter?.matches(id) ?? true;
  return cases.some(isWanted) ? cases.filter((each) => each.always === true || isWanted(each)) : [];
};
