import { join } from 'node:path';
import { readKeys } from '@cpg/conformance/src/commands/read-inputs.ts';

/** The package of the suite that is tested here. */
export const SUITE_FOLDER = join(import.meta.dirname, '../../../apps/conformance');

/** The keys that the reference server knows, as a file that the suite reads and as the suite reads it. */
export const DEMO_KEYS_FILE = join(SUITE_FOLDER, 'demo-keys.json');
export const DEMO_KEYS = readKeys(DEMO_KEYS_FILE);
