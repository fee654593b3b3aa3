/** One way to be broken, and the case that must notice. */
export interface Mutant<Parts> {
  /** Kebab-case; says the mistake. */
  readonly id: string;
  readonly area: string;
  readonly alter: (parts: Parts) => Partial<Parts>;
  /** Ids of cases that must be among those that fail, whatever else does. */
  readonly killedBy: readonly string[];
}

type Row<Parts> = readonly [id: string, alter: Mutant<Parts>['alter'], ...killedBy: string[]];

/** Fixes the area of a table of mutants. */
export const mutants = <Parts>(area: string, rows: readonly Row<Parts>[]): readonly Mutant<Parts>[] =>
  rows.map(([id, alter, ...killedBy]) => ({ id, area, alter, killedBy }));
