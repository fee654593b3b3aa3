import { SERVER, type ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const EIGHT_KIB = 8 * 1024;

/** Once a body was too large, everything on its connection is. */
const rememberingConnections = (): Partial<ServerParts> => {
  const spoilt = new WeakSet<object>();
  return {
    isTooLarge: (request, limit) => {
      if (request.body.length > limit) spoilt.add(request.connection);
      return spoilt.has(request.connection);
    },
  };
};

export const CONNECTION_MUTANTS = mutants<ServerParts>('connection', [
  [
    'connection-first-piece',
    () => ({ joinBody: (pieces) => pieces[0] ?? Buffer.alloc(0) }),
    'server-body-slow',
  ],
  ['connection-early-close-counts', () => ({ isWholeOnly: false }), 'server-body-early-close'],
  ['connection-spoilt-by-large-body', rememberingConnections, 'server-body-too-large-connection'],
  [
    'connection-target-cut',
    () => ({ split: (target) => SERVER.split(target.slice(0, EIGHT_KIB)) }),
    'server-target-long',
  ],
  [
    'connection-target-tail-ignored',
    () => ({ query: (query) => (query.length > EIGHT_KIB ? `${query.slice(0, -1)}b` : query) }),
    'server-target-long-tail',
  ],
]);
