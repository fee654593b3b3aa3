import { CLIENT, type ClientParts, failure } from '../reference/client-parts.ts';
import { type Mutant, mutants } from './mutant.ts';
import { SIGNING_MUTANTS } from './signing-mutants.ts';

const resend = (change: Partial<ClientParts>) => () => change;
const withHeaders =
  (
    change: (
      headers: Readonly<Record<string, string>>,
    ) => Readonly<Record<string, string | readonly string[]>>,
  ) =>
  () => ({
    beforeSend: ((request) => ({
      ...request,
      headers: change(request.headers as never),
    })) as ClientParts['beforeSend'],
  });

const WIRE = mutants<ClientParts>('client: wire', [
  [
    'wire-query-encoded-again',
    () => ({ beforeSend: (r) => ({ ...r, target: encodeURI(r.target) }) }),
    'client-query-space',
  ],
  [
    'wire-query-form-encoded',
    () => ({ beforeSend: (r) => ({ ...r, target: r.target.replaceAll('%20', '+') }) }),
    'client-query-space',
  ],
  [
    'wire-query-quote-escaped',
    () => ({ beforeSend: (r) => ({ ...r, target: r.target.replaceAll("'", '%27') }) }),
    'client-query-quote',
  ],
  [
    'wire-query-parsed-and-rebuilt',
    () => ({
      beforeSend: (r) => ({
        ...r,
        target:
          new URL(r.target, 'http://h').pathname +
          (r.target.includes('?') ? `?${new URL(r.target, 'http://h').searchParams}` : ''),
      }),
    }),
    'client-query-tilde',
  ],
  [
    'wire-query-plus-unescaped',
    () => ({ encodeQuery: (a) => CLIENT.encodeQuery(a).replaceAll('%2B', '+') }),
    'client-query-plus',
  ],
  [
    'wire-query-percent-unescaped',
    () => ({ encodeQuery: (a) => CLIENT.encodeQuery(a).replaceAll('%25', '%') }),
    'client-query-percent-escape',
  ],
  [
    'wire-query-raw',
    () => ({
      encodeQuery: (a) =>
        Object.entries(a)
          .map((p) => p.join('='))
          .join('&')
          .replace(/[^!-~]/g, encodeURIComponent),
    }),
    'client-query-ampersand',
  ],
  [
    'wire-query-latin1',
    () => ({
      encodeQuery: (a) =>
        Object.entries(a)
          .map(([n, v]) => `${n}=${escape(v)}`)
          .join('&'),
    }),
    'client-query-unicode',
  ],
  [
    'wire-query-upper-cased',
    () => ({
      encodeQuery: (a) =>
        CLIENT.encodeQuery(Object.fromEntries(Object.entries(a).map(([n, v]) => [n, v.toUpperCase()]))),
    }),
    'client-query-lower-case',
  ],
  [
    'wire-query-trimmed-at-hash',
    () => ({ encodeQuery: (a) => CLIENT.encodeQuery(a).replace(/%23.*?(?=&|$)/, '') }),
    'client-query-hash',
  ],
  [
    'wire-body-rebuilt',
    () => ({
      beforeSend: (r) => ({
        ...r,
        body: r.body.length ? Buffer.from(JSON.stringify(JSON.parse(r.body.toString()), null, 1)) : r.body,
      }),
    }),
    'client-call-withdrawal-create',
  ],
  [
    'wire-body-escaped',
    () => ({
      beforeSend: (r) => ({
        ...r,
        body: Buffer.from(
          r.body
            .toString()
            .replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
        ),
      }),
    }),
    'client-body-unicode',
  ],
  [
    'wire-body-latin1',
    () => ({ encodeBody: (a) => Buffer.from(JSON.stringify(a), 'latin1') }),
    'client-body-unicode',
  ],
  [
    'wire-body-normalised',
    () => ({ encodeBody: (a) => Buffer.from(JSON.stringify(a).normalize('NFC')) }),
    'client-body-decomposed',
  ],
  [
    'wire-body-crlf',
    () => ({ encodeBody: (a) => Buffer.from(JSON.stringify(a).replaceAll('\\r\\n', '\\n')) }),
    'client-body-crlf',
  ],
  [
    'wire-method-lower-case',
    () => ({
      beforeSend: (r) => ({
        ...r,
        target: r.target,
        headers: { ...r.headers },
        method: r.method === 'POST' ? 'PUT' : r.method,
      }),
    }),
    'client-call-withdrawal-create',
  ],
  [
    'wire-header-twice',
    withHeaders((h) => ({ ...h, 'X-CPG-Key': [h['X-CPG-Key'] ?? '', h['X-CPG-Key'] ?? ''] })),
    'client-call-ping',
  ],
  ['wire-header-missing', withHeaders(({ 'X-CPG-Timestamp': _, ...h }) => h), 'client-call-ping'],
  ['wire-key-header-empty', withHeaders((h) => ({ ...h, 'X-CPG-Key': '' })), 'client-call-ping'],
  [
    'wire-signature-upper-case',
    withHeaders((h) => ({ ...h, 'X-CPG-Signature': (h['X-CPG-Signature'] ?? '').toUpperCase() })),
    'client-call-ping',
  ],
  [
    'wire-body-claims-gzip',
    withHeaders((h) => ({ ...h, 'Content-Encoding': 'gzip' })),
    'client-call-withdrawal-create',
  ],
  [
    'wire-fragment-sent',
    () => ({ encodeQuery: (a) => `${CLIENT.encodeQuery(a)}#` }),
    'client-call-balances-filtered',
  ],
  [
    'wire-absolute-target',
    () => ({ beforeSend: (r) => ({ ...r, target: `http://h${r.target}` }) }),
    'client-call-ping',
  ],
]);

const TIME = mutants<ClientParts>('client: time', [
  ['time-milliseconds', resend({ stamp: () => Date.now() }), 'client-call-ping'],
  [
    'time-minutes-slow',
    resend({ stamp: (now, isUsed) => CLIENT.stamp(now - 120, isUsed) }),
    'client-call-ping',
  ],
  ['time-far-ahead', resend({ stamp: (now, isUsed) => CLIENT.stamp(now + 60, isUsed) }), 'client-call-ping'],
  ['time-signature-repeated', resend({ stamp: (now) => now }), 'client-attempt-same-second'],
  [
    'time-steps-a-minute',
    resend({ stamp: (now, isUsed) => (isUsed(now) ? CLIENT.stamp(now + 60, isUsed) : now) }),
    'client-attempt-same-second',
  ],
]);

const isRefused = (status: number) => resend({ sendsAgain: (answer) => answer?.status === status });

const ATTEMPTS = mutants<ClientParts>('client: attempts', [
  ['again-after-400', isRefused(400), 'client-refused-insufficient-balance'],
  ['again-after-401', isRefused(401), 'client-refused-invalid-signature'],
  ['again-after-403', isRefused(403), 'client-refused-permission'],
  ['again-after-404', isRefused(404), 'client-refused-not-found'],
  ['again-after-409', isRefused(409), 'client-refused-conflict'],
  ['again-after-422', isRefused(422), 'client-refused-validation'],
  [
    'again-post-without-reference',
    resend({ sendsAgain: (answer) => answer === undefined }),
    'client-attempt-hang-up-post',
  ],
  [
    'again-same-signature',
    resend({ stamp: (now) => now, sendsAgain: (answer) => answer?.status === 503 }),
    'client-attempt-503-get',
  ],
  [
    'again-other-body',
    resend({
      sendsAgain: (answer) => answer?.status === 503,
      encodeBody: (a) => Buffer.from(JSON.stringify(a)),
      beforeSend: otherBody(),
    }),
    'client-attempt-503-post-reference',
  ],
  [
    'follows-redirects',
    resend({ followsRedirects: true }),
    'client-redirect-307-post',
    'client-redirect-301-get',
  ],
]);

function otherBody(): ClientParts['beforeSend'] {
  let count = 0;
  return (request) =>
    request.body.length === 0
      ? request
      : { ...request, body: Buffer.from(`${request.body.toString()}${' '.repeat(count++)}`) };
}

const READING = mutants<ClientParts>('client: reading', [
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
        a?.text.includes('"data"') === false && a.status === 200 ? { ok: true } : CLIENT.read(a, r),
    }),
    'client-response-no-data',
  ],
  [
    'reads-empty-as-success',
    resend({ read: (a, r) => (a?.text === '' ? { ok: true } : CLIENT.read(a, r)) }),
    'client-response-empty',
  ],
  [
    'reads-truncated-as-success',
    resend({ read: (a, r) => (a?.text.endsWith('[') ? { ok: true } : CLIENT.read(a, r)) }),
    'client-response-truncated',
  ],
  [
    'reads-half-answer',
    resend({ read: (a, r) => (a === undefined ? { ok: true } : CLIENT.read(a, r)) }),
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

const SECRECY = mutants<ClientParts>('client: secrecy', [
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

const signing = SIGNING_MUTANTS.map(
  ({ killedBy, ...mutant }): Mutant<ClientParts> => ({
    ...mutant,
    killedBy: killedBy.map((id) => `sign-${id}`),
  }),
);

/** Broken signers and clients. */
export const CLIENT_MUTANTS: readonly Mutant<ClientParts>[] = [
  ...signing,
  ...WIRE,
  ...TIME,
  ...ATTEMPTS,
  ...READING,
  ...SECRECY,
];
