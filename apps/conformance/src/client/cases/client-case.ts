import type { ConformanceCase } from '../../core/conformance-case.ts';
import type { ClientUnderTest } from '../client-under-test.ts';

export type ClientCase = ConformanceCase<ClientUnderTest>;

type Row = Omit<ClientCase, 'group' | 'spec'> & Partial<Pick<ClientCase, 'spec'>>;

/** Fixes what the cases of one table have in common, and prefixes their ids. All need an adapter that can `call`. */
export const clientCases = (
  common: Pick<ClientCase, 'group' | 'spec'> & Pick<Partial<ClientCase>, 'needs' | 'timeoutMs'>,
  rows: readonly Row[],
): readonly ClientCase[] =>
  rows.map((row) => ({
    ...common,
    ...row,
    id: `client-${row.id}`,
    needs: ['call', ...(common.needs ?? []), ...(row.needs ?? [])],
  }));
