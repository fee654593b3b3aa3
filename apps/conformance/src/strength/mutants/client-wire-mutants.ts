import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

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

export const CLIENT_WIRE_MUTANTS = mutants<ClientParts>('client: wire', [
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
