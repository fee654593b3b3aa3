import type { ConformanceCase } from '../../core/conformance-case.ts';
import type { ServerUnderTest } from '../server-under-test.ts';

export type ServerCase = ConformanceCase<ServerUnderTest>;

type Row = Omit<ServerCase, 'group' | 'spec'> & Partial<Pick<ServerCase, 'spec'>>;

/** Fixes what the cases of one table have in common, and prefixes their ids. */
export const serverCases = (
  common: Pick<ServerCase, 'group' | 'spec'> & Pick<Partial<ServerCase>, 'needs' | 'timeoutMs'>,
  rows: readonly Row[],
): readonly ServerCase[] => rows.map((row) => ({ ...common, ...row, id: `server-${row.id}` }));
