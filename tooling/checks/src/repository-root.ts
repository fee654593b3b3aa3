import { fileURLToPath } from 'node:url';

/** The folder of the whole repository. */
export const REPOSITORY_ROOT = fileURLToPath(new URL('../../..', import.meta.url));
