import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const TARGETS = ['asterisk', 'no-slash', 'space', 'tab', 'nul', 'delete', 'non-ascii', 'non-ascii-path'];

/** Without Node's HTTP parser in front, which refuses these by itself. */
export const PARSER_MUTANTS = mutants<ServerParts>('HTTP parser', [
  [
    'parser-accepts-anything',
    () => ({ isParsed: false }),
    ...TARGETS.map((id) => `server-target-${id}`),
    'server-body-two-lengths',
    'server-body-length-and-chunked',
  ],
]);
