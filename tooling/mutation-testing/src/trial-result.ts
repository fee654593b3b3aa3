import type { CaseRecord, ResultRecord } from '@cpg/conformance/src/core/record.ts';
import type { Kind } from './trial.ts';

/** One broken implementation to be judged. */
export interface Trial {
  readonly kind: Kind;
  readonly id: string;
  readonly area: string;
  readonly killedBy: readonly string[];
}

/** The cases that a broken implementation failed. An error is no verdict, so it does not count. */
export interface TrialResult {
  readonly trial: Trial;
  readonly failed: readonly string[];
}

export const failuresIn = (records: readonly ResultRecord[]): readonly string[] =>
  records
    .filter(
      (record): record is CaseRecord =>
        record.type === 'case' && (record.verdict === 'fail' || record.verdict === 'warn'),
    )
    .map(({ id }) => id);
