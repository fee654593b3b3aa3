import { CLIENT, type ClientParts, failure } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

const resend = (change: Partial<ClientParts>) => () => change;

export const CLIENT_READING_MUTANTS = mutants<ClientParts>('client: reading', [
  [
    'reads-anything-200',
    resend({ read: (a, r) => (a?.status === 200 ? { ok: true, data: a.text } : CLIENT.read(a, r)) }),
    'client-response-html',
    'client-response-success-false',
  ],
  [
    'reads-any-status',
    resend({ read: (a, r) => (a === undefined ? CLIENT.read(a, r) : { ok: true, data: a.text }) }),
    'client-refused-permission',
    'client-response-html-error',
  ],
  [
    'reads-any-shape',
    resend({ read: (a, r) => CLIENT.read(a, { ...r, target: '/' }) }),
    'client-response-wrong-shape',
    'client-response-number-amount',
    'client-response-exponent-amount',
  ],
  [
    'reads-missing-data',
    resend({
      read: (a, r) =>
        a?.text.includes('"data"') === false && a.status === 200
          ? { ok: true, data: null }
          : CLIENT.read(a, r),
    }),
    'client-response-no-data',
  ],
  [
    'reads-empty-as-success',
    resend({ read: (a, r) => (a?.text === '' ? { ok: true, data: null } : CLIENT.read(a, r)) }),
    'client-response-empty',
  ],
  [
    'reads-truncated-as-success',
    resend({ read: (a, r) => (a?.text.endsWith('[') ? { ok: true, data: null } : CLIENT.read(a, r)) }),
    'client-response-truncated',
  ],
  [
    'reads-half-answer',
    resend({ read: (a, r) => (a === undefined ? { ok: true, data: null } : CLIENT.read(a, r)) }),
    'client-attempt-hang-up-get',
    'client-attempt-half-answer-get',
  ],
  [
    'rejects-unknown-fields',
    resend({
      read: (a, r) =>
        a?.text.includes('colour') ? failure('strict', 'unknown field', 200) : CLIENT.read(a, r),
    }),
    'client-response-unknown-fields',
  ],
  [
    'loses-message',
    resend({
      read: (a, r) => ({
        ...CLIENT.read(a, r),
        ...(a?.status === 200 ? {} : failure('refused', 'failed', a?.status)),
      }),
    }),
    'client-refused-source-ip',
  ],
  [
    'loses-status',
    resend({
      read: (a, r) => {
        const result = CLIENT.read(a, r);
        return result.error === undefined ? result : failure('refused', result.error.message);
      },
    }),
    'client-refused-malformed-target',
  ],
]);

export const CLIENT_SECRECY_MUTANTS = mutants<ClientParts>('client: secrecy', [
  [
    'prints-secret',
    resend({ log: (secret) => void process.stderr.write(`using ${secret}\n`) }),
    'client-output-hides-secrets',
  ],
  [
    'prints-secret-in-base64',
    resend({ log: (secret) => void process.stderr.write(Buffer.from(secret).toString('base64')) }),
    'client-output-hides-secrets',
  ],
  [
    'error-shows-signature',
    () => {
      let last = '';
      return {
        log: (_secret, signature) => {
          last = signature;
        },
        read: (a, r) => {
          const result = CLIENT.read(a, r);
          return result.error === undefined
            ? result
            : { ...result, error: { ...result.error, message: `${result.error.message} (${last})` } };
        },
      };
    },
    'client-error-hides-signature',
  ],
]);
