import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

export const ENVELOPE_MUTANTS = mutants<ServerParts>('envelope', [
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
    'envelope-plain-json-type',
    () => ({ headers: () => ({ 'content-type': 'application/json' }) }),
    'server-missing-all',
    'server-accept-no-query',
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

/** Says in the refusal what the signature should have been, as a helpful developer might. */
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
