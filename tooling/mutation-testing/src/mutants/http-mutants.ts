import type { Socket } from 'node:net';
import { type Arrived, SERVER, type ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const redirecting = (pattern: RegExp) => (): Partial<ServerParts> => ({
  unknownRoute: (target) =>
    pattern.test(target)
      ? { status: 301, message: 'Moved Permanently' }
      : { status: 404, message: 'Not found' },
});

export const ENVELOPE_MUTANTS = mutants<ServerParts>('envelope', [
  ['redirect-trailing-slash', redirecting(/\/(?:\?|$)/), 'server-accept-path-trailing-slash'],
  [
    'redirect-clean-path',
    redirecting(/\/(?:\/|\.\.?\/)/),
    'server-accept-path-double-slash',
    'server-accept-path-dots',
    'server-accept-path-single-dot',
  ],
  [
    'envelope-with-detail',
    () => ({ envelope: (message) => ({ success: false, message, detail: 'more' }) }),
    'server-signature-flip-first',
    'server-route-unknown',
  ],
  [
    'envelope-with-data',
    () => ({ envelope: (message) => ({ success: false, message, data: null }) }),
    'server-missing-all',
  ],
  ['envelope-without-success', () => ({ envelope: (message) => ({ message }) }), 'server-missing-all'],
  [
    'envelope-success-true',
    () => ({ envelope: (message) => ({ success: true, message }) }),
    'server-missing-all',
  ],
  [
    'envelope-plain-text-type',
    () => ({ headers: () => ({ 'content-type': 'text/plain; charset=utf-8' }) }),
    'server-missing-all',
    'server-accept-no-query',
  ],
  [
    'envelope-problem-type',
    () => ({
      headers: (status) => (status === 200 ? {} : { 'content-type': 'application/problem+json' }),
    }),
    'server-missing-all',
  ],
  ['ping-data-empty', () => ({ pong: () => ({}) }), 'server-ping-data'],
  ['ping-data-as-text', () => ({ pong: () => ({ pong: 'true' }) }), 'server-ping-data'],
  ['envelope-echoes-signature', echoing(), 'server-key-no-echo'],
  [
    'allow-missing',
    () => ({ headers: (status) => (status === 405 ? { allow: '' } : {}) }),
    'server-route-other-method',
  ],
]);

/** Reveals the expected signature in the rejection. */
function echoing(): () => Partial<ServerParts> {
  return () => {
    let expectedLast = '';
    return {
      compare: (expected, received) => {
        expectedLast = expected;
        return expected === received;
      },
      headers: (status) => (status === 401 ? { 'x-expected': expectedLast } : {}),
    };
  };
}

const TARGETS = ['asterisk', 'no-slash', 'space', 'tab', 'nul', 'delete', 'non-ascii', 'non-ascii-path'];

/** Has no HTTP parser in front. Node's parser rejects these requests by itself. */
export const PARSER_MUTANTS = mutants<ServerParts>('HTTP parser', [
  [
    'parser-accepts-anything',
    () => ({ isParsed: false }),
    ...TARGETS.map((id) => `server-target-${id}`),
    'server-body-two-lengths',
    'server-body-length-and-chunked',
  ],
]);

const EIGHT_KIB = 8 * 1024;

/** After one body that is too large, rejects every request on its connection. */
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
  ...[
    ['401', ['unsigned', 'forged', 'late']],
    ['400', ['target']],
    ['413', ['large']],
    ['415', ['encoding']],
  ].map(
    ([status, ids = []]) =>
      [
        `connection-body-reread-after-${status}`,
        () => ({ isReread: (each: number) => String(each) === status }),
        ...[...ids].map((id) => `server-smuggle-${id}`),
      ] as const,
  ),
  [
    'connection-chunks-reread',
    () => ({
      isReread: (status, { headers }) =>
        status >= 400 && SERVER.getHeaderValues(headers, 'Transfer-Encoding').length > 0,
    }),
    'server-smuggle-unsigned',
    'server-smuggle-encoding',
  ],
  [
    'connection-closed-before-body',
    () => ({ isHasty: true }),
    ...['unsigned', 'forged', 'late', 'target', 'encoding', 'large'].map((id) => `server-arrives-${id}`),
  ],
  ['connection-second-request-lost', losingPipelined(() => undefined), 'server-pipelined'],
  [
    'connection-second-request-first',
    losingPipelined(({ connection }) => {
      const body = '{"success":false,"message":"Service temporarily unavailable"}';
      const type = 'Content-Type: application/json';
      const head = `HTTP/1.1 503 Service Unavailable\r\n${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
      (connection as Socket).write(`${head}${body}`);
    }),
    'server-pipelined',
  ],
]);

/** Requests that arrive while another one of their connection is served get no response, or one out of order. */
function losingPipelined(onLost: (request: Arrived) => void): () => Partial<ServerParts> {
  return () => {
    const busy = new WeakSet<object>();
    return {
      delay: async (request) => {
        if (busy.has(request.connection)) {
          onLost(request);
          return new Promise(() => undefined);
        }
        busy.add(request.connection);
        await new Promise(setImmediate);
        await new Promise(setImmediate);
        busy.delete(request.connection);
      },
    };
  };
}
