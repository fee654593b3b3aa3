import { join } from 'node:path';
import { readKeys } from '@cpg/conformance/src/commands/inputs.ts';

/** The package under test. */
export const SUITE_FOLDER = join(import.meta.dirname, '../../../apps/conformance');

/** The keys of the reference server. */
export const DEMO_KEYS_FILE = join(SUITE_FOLDER, 'demo-keys.json');
export const DEMO_KEYS = readKeys(DEMO_KEYS_FILE);
