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

const withLength = (length: (body: Buffer) => number) => () => ({
  beforeSend: ((request) =>
    request.body.length === 0
      ? request
      : {
          ...request,
          headers: { ...request.headers, 'Content-Length': String(length(request.body)) },
        }) as ClientParts['beforeSend'],
});

/** Changes to everything but the target, between signing and sending. */
export const CLIENT_WIRE_MUTANTS = mutants<ClientParts>('client: wire', [
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
  ['wire-length-too-short', withLength((body) => body.length - 1), 'client-call-withdrawal-create'],
  [
    'wire-length-too-long',
    // Only where the client does not retry: each attempt lasts until the suite stops waiting for the missing
    // byte.
    withLength((body) => body.length + (body.includes('client_reference') ? 0 : 1)),
    'client-call-withdrawal-create',
  ],
  ['wire-length-in-characters', withLength((body) => body.toString().length), 'client-body-unicode'],
  [
    'wire-length-twice',
    () => ({
      beforeSend: (r) => ({
        ...r,
        headers: { ...r.headers, 'Content-Length': [String(r.body.length), String(r.body.length)] },
      }),
    }),
    'client-call-withdrawal-create',
  ],
  [
    'wire-secret-in-header',
    () => ({
      beforeSend: (r, secret) => ({
        ...r,
        headers: { ...r.headers, 'X-CPG-Secret': encodeURIComponent(secret) },
      }),
    }),
    'client-wire-hides-secret',
  ],
  [
    'wire-secret-as-password',
    () => ({
      beforeSend: (r, secret) => ({
        ...r,
        headers: { ...r.headers, Authorization: `Basic ${Buffer.from(secret).toString('base64')}` },
      }),
    }),
    'client-wire-hides-secret',
  ],
  [
    'wire-absolute-target',
    () => ({ beforeSend: (r) => ({ ...r, target: `http://h${r.target}` }) }),
    'client-call-ping',
  ],
]);
