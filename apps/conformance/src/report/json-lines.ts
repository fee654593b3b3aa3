import type { ResultRecord } from '../core/record.ts';

/** One record a line: the truth from which every other report is rendered. */
export const renderJsonLines = (records: readonly ResultRecord[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');
