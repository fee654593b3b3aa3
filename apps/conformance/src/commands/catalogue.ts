import { CLIENT_CASES } from '../client/client-suite.ts';
import type { ConformanceCase } from '../core/conformance-case.ts';
import type { Layer } from '../core/verdict.ts';
import { SERVER_CASES } from '../server/server-suite.ts';
import { vectorCases } from '../vectors/vectors-suite.ts';

/** A case as it is listed: everything but how it is tried. */
export type CatalogueEntry = Omit<ConformanceCase<never>, 'run'> & { readonly layer: Layer };

/** Every case of the suite, in the order they are tried. */
export const catalogue = (): readonly CatalogueEntry[] => [
  ...vectorCases().map((each) => ({ ...each, layer: 'vectors' as const })),
  ...CLIENT_CASES.map((each) => ({ ...each, layer: 'client' as const })),
  ...SERVER_CASES.map((each) => ({ ...each, layer: 'server' as const })),
];
