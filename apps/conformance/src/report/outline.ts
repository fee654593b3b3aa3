import type { CaseRecord, ImplementationRecord, ResultRecord } from '../core/record.ts';

/** The cases of one implementation on one layer. */
export interface Section {
  readonly about: ImplementationRecord;
  readonly cases: readonly CaseRecord[];
}

/** Groups the records of one or several runs by implementation and layer, in their order. */
export const outline = (records: readonly ResultRecord[]): readonly Section[] => {
  const sections: { about: ImplementationRecord; cases: CaseRecord[] }[] = [];
  for (const record of records) {
    if (record.type === 'implementation') sections.push({ about: record, cases: [] });
    if (record.type === 'case')
      sections
        .findLast(
          ({ about }) => about.implementation === record.implementation && about.layer === record.layer,
        )
        ?.cases.push(record);
  }
  return sections;
};

/** Whether a verdict fails a run. */
export const isFailure = ({ verdict }: CaseRecord): boolean =>
  verdict === 'fail' || verdict === 'xpass' || verdict === 'error';

/** The outcome of a case in one line: expected and actual, or why there is no verdict. */
export const oneLine = ({ diff, reason, verdict }: CaseRecord): string =>
  diff === undefined ? (reason ?? verdict) : `${diff.what}: expected ${diff.expected}, got ${diff.actual}`;
