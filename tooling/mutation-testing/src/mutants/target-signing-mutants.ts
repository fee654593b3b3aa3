import { SIGNING, type SigningParts } from '../reference/signing-parts.ts';
import { mutants } from './mutant.ts';

const upperEscapes = (text: string) => text.replace(/%[0-9a-f]{2}/gi, (escaped) => escaped.toUpperCase());
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const decode = (text: string) => {
  try {
    return latin1(decodeURIComponent(text)).toString('latin1');
  } catch {
    return text;
  }
};
const pairs = (query: string) => (query === '' ? [] : query.split('&'));

const onQuery = (change: (query: string) => string) => () => ({ query: change });
const onPath = (change: (path: string) => string) => () => ({ path: change });

export const PATH_MUTANTS = mutants<SigningParts>('path', [
  ['path-dots-resolved', onPath((p) => new URL(`http://h${p}`).pathname), 'path-dot-dot'],
  ['path-decoded', onPath(decode), 'path-encoded-tilde'],
  ['path-escapes-upper', onPath(upperEscapes), 'path-encoded-slash-lower'],
  ['path-slashes-merged', onPath((p) => p.replace(/\/+/g, '/')), 'path-double-slash'],
  ['path-trailing-slash-stripped', onPath((p) => p.replace(/(.)\/$/, '$1')), 'path-trailing-slash'],
  ['path-lower-case', onPath((p) => p.toLowerCase()), 'path-case'],
  ['path-prefix-stripped', onPath((p) => p.replace(/^\/v1/, '')), 'worked-example'],
  ['path-includes-query', () => ({ split: (target) => ({ path: target, query: '' }) }), 'worked-example'],
]);

export const QUERY_MUTANTS = mutants<SigningParts>('query', [
  ['query-sorted', onQuery((q) => pairs(q).toSorted().join('&')), 'query-order-as-sent'],
  ['query-reversed', onQuery((q) => pairs(q).toReversed().join('&')), 'worked-example'],
  ['query-rebuilt', onQuery((q) => new URLSearchParams(q).toString()), 'query-no-equals'],
  [
    'query-blanks-dropped',
    onQuery((q) =>
      pairs(q)
        .filter((p) => p !== '')
        .join('&'),
    ),
    'query-double-ampersand',
  ],
  [
    'query-blank-values-dropped',
    onQuery((q) =>
      pairs(q)
        .filter((p) => !p.endsWith('='))
        .join('&'),
    ),
    'query-blank-value',
  ],
  [
    'query-repeats-dropped',
    onQuery((q) => [...new Map(pairs(q).map((p) => [p.split('=')[0], p])).values()].join('&')),
    'query-duplicate-names',
  ],
  ['query-plus-encoded', onQuery((q) => q.replaceAll('+', '%20')), 'query-plus'],
  ['query-space-as-plus', onQuery((q) => q.replaceAll('%20', '+')), 'query-percent-20'],
  ['query-escapes-upper', onQuery(upperEscapes), 'query-escape-lower'],
  ['query-lower-case', onQuery((q) => q.toLowerCase()), 'worked-example'],
  ['query-decoded', onQuery(decode), 'query-needless-escape'],
  [
    'query-keeps-mark',
    () => ({
      split: (t) => {
        const { path } = SIGNING.split(t);
        return { path, query: t.slice(path.length) };
      },
    }),
    'worked-example',
  ],
  [
    'query-mark-kept-when-bare',
    () => ({ split: (t) => (t.endsWith('?') ? { path: t, query: '' } : SIGNING.split(t)) }),
    'query-trailing-qmark',
  ],
  ['query-ignored', onQuery(() => ''), 'worked-example'],
  [
    'query-split-at-last',
    () => ({
      split: (t) => {
        const at = t.lastIndexOf('?');
        return at < 0 ? { path: t, query: '' } : { path: t.slice(0, at), query: t.slice(at + 1) };
      },
    }),
    'query-second-qmark',
  ],
  [
    'query-cut-at-second',
    () => ({
      split: (t) => {
        const [path = '', query = ''] = t.split('?');
        return { path, query };
      },
    }),
    'query-second-qmark',
  ],
  [
    'query-empty-line-omitted',
    () => ({ join: (f) => f.filter((field, i) => i !== 3 || field !== '').join('\n') }),
    'ping',
  ],
  ['query-empty-as-dash', onQuery((q) => (q === '' ? '-' : q)), 'ping'],
]);
