import { fits } from './id-pattern.ts';

/** Which cases of a suite a run tries. */
export interface CaseFilter {
  /** How it was asked for; a partial run says so. */
  readonly pattern: string;
  readonly matches: (id: string) => boolean;
}

/** The cases whose id fits a pattern; no filter without one. */
export const caseFilter = (pattern: string | undefined): CaseFilter | undefined =>
  pattern === undefined ? undefined : { pattern, matches: (id) => fits(pattern, id) };
