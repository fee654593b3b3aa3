import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

/** Changes to filters and ids on their way into the target. */
export const CLIENT_TARGET_MUTANTS = mutants<ClientParts>('client: target', [
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
    'wire-query-sorted-for-signing-only',
    () => {
      let sent = '';
      return {
        encodeQuery: (args) => {
          sent = CLIENT.encodeQuery(args);
          return sent.split('&').toSorted().join('&');
        },
        beforeSend: (r) => ({
          ...r,
          target: r.target.includes('?') ? r.target.replace(/\?.*$/, `?${sent}`) : r.target,
        }),
      };
    },
    'client-call-balances-network-first',
    'client-call-transactions',
  ],
  [
    'wire-query-last-question-mark-dropped',
    () => ({ encodeQuery: (a) => CLIENT.encodeQuery(a).replace(/%3F$/, '') }),
    'client-attempt-same-second-question-mark',
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
        CLIENT.encodeQuery(
          Object.fromEntries(Object.entries(a).map(([n, v]) => [n, String(v).toUpperCase()])),
        ),
    }),
    'client-query-lower-case',
  ],
  [
    'wire-query-trimmed-at-hash',
    () => ({ encodeQuery: (a) => CLIENT.encodeQuery(a).replace(/%23.*?(?=&|$)/, '') }),
    'client-query-hash',
  ],
  ['query-cut-at-4096', () => ({ query: (query) => query.slice(0, 4096) }), 'sign-fresh-long-target'],
  [
    'wire-id-in-32-bits',
    () => ({ encodeSegment: (id) => String(Number(id) | 0) }),
    'client-call-withdrawal-get-large-id',
  ],
  [
    'wire-id-as-it-is',
    () => ({ isId: () => true, encodeSegment: String }),
    'client-path-dot-dot',
    'client-path-parent-route',
    'client-path-slash',
    'client-path-encoded-slash',
    'client-path-question-mark',
    'client-path-hash',
    'client-path-backslash',
    'client-path-empty',
  ],
  [
    'wire-id-parsed-loosely',
    () => ({ isId: () => true, encodeSegment: (id) => String(Number.parseInt(String(id), 10)) }),
    'client-path-space',
    'client-path-line-feed',
    'client-path-semicolon',
  ],
  [
    'wire-id-digits-normalised',
    () => ({ isId: () => true, encodeSegment: (id) => CLIENT.encodeSegment(String(id).normalize('NFKC')) }),
    'client-path-unicode',
  ],
]);
