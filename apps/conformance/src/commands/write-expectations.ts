import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { ResultRecord } from '../core/record.ts';
import { UsageError } from './usage-error.ts';

const HEAD = '# Say for each why it fails, best with a link to an issue: an empty reason is refused.\n';

/** Writes every failure of a run as a known failure whose reason is still to be written. Throws a `UsageError` when the file exists. */
export const writeExpectations = async (records: readonly ResultRecord[], path: string): Promise<void> => {
  const entries = records
    .filter((record) => record.type === 'case')
    .filter(({ verdict }) => verdict === 'fail')
    .map(({ id, implementation }) => ({ case: id, implementation, reason: '' }));
  await writeFile(path, `${HEAD}${stringify(entries)}`, { flag: 'wx' }).catch((cause: unknown) => {
    throw new UsageError(`The file exists already, or cannot be written: ${path}.`, { cause });
  });
};
