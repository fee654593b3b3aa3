/** One mistake, and the cases that must fail with it. */
export interface Mutant<Parts> {
  /** Kebab-case; names the mistake. */
  readonly id: string;
  readonly area: string;
  readonly alter: (parts: Parts) => Partial<Parts>;
  /** Ids of cases that must fail. Others may fail too. */
  readonly killedBy: readonly string[];
}

type Row<Parts> = readonly [id: string, alter: Mutant<Parts>['alter'], ...killedBy: string[]];

/** A table of mutants of one area. */
export const mutants = <Parts>(area: string, rows: readonly Row<Parts>[]): readonly Mutant<Parts>[] =>
  rows.map(([id, alter, ...killedBy]) => ({ id, area, alter, killedBy }));
