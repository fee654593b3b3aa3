import { encodeComponent, formatRequestTarget } from '../signing/request-target.ts';
import { parseTimestamp } from '../signing/timestamp.ts';
import { attempt, defineMistakes } from './find-mistakes.ts';
import { getLikelyPrefixes, PASS_ON } from './proxy-mistakes.ts';

const MAX_SECONDS_APART = 60;
const MILLISECONDS =
  'The timestamp was signed in milliseconds: sign the Unix seconds that X-CPG-Timestamp carries, Math.floor(Date.now() / 1000).';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Mistakes with the first field, the timestamp. Wire protocol §1.1. */
export const timestampMistakes = defineMistakes([
  {
    code: 'timestamp_milliseconds_signed',
    message: MILLISECONDS,
    variants: ({ timestamp }) => [{ timestamp: `${timestamp}000` }],
  },
  {
    code: 'timestamp_milliseconds_sent',
    message:
      'Seconds were signed, but X-CPG-Timestamp carries milliseconds: send exactly the text that was signed, in Unix seconds.',
    variants: ({ timestamp }) => [{ timestamp: timestamp.slice(0, -3) }],
  },
  {
    code: 'timestamp_other_format',
    message:
      'The timestamp was signed as a date or a fraction: sign the whole Unix seconds that X-CPG-Timestamp carries.',
    variants: ({ timestamp }) => {
      const date = new Date((parseTimestamp(timestamp) ?? Number.NaN) * 1000);
      if (Number.isNaN(date.getTime())) return [];
      const iso = date.toISOString();
      const formats = [iso, iso.replace('.000Z', 'Z'), iso.replace('.000Z', '+00:00'), date.toUTCString()];
      return [...formats, `${timestamp}.0`].map((text) => ({ timestamp: text }));
    },
  },
  {
    code: 'timestamp_milliseconds_signed',
    message: MILLISECONDS,
    isBroad: true,
    variants: ({ timestamp }) =>
      upTo(999).map((rest) => ({ timestamp: `${timestamp}${String(rest).padStart(3, '0')}` })),
  },
  {
    code: 'timestamp_differs',
    message:
      'Another timestamp was signed than X-CPG-Timestamp carries: read the clock once for each attempt, then sign and send that value.',
    isBroad: true,
    variants: ({ timestamp }) => {
      const seconds = parseTimestamp(timestamp);
      if (seconds === undefined) return [];
      return upTo(MAX_SECONDS_APART).flatMap((distance) => [
        { timestamp: String(seconds - distance) },
        { timestamp: String(seconds + distance) },
      ]);
    },
  },
]);

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'];

/** Mistakes with the second field, the method. Wire protocol §1.2. */
export const methodMistakes = defineMistakes([
  {
    code: 'method_not_upper_case',
    message: 'The method was signed in lower or mixed case: sign it in upper case.',
    variants: ({ method }) => [
      { method: method.toLowerCase() },
      { method: method.slice(0, 1) + method.slice(1).toLowerCase() },
    ],
  },
  {
    code: 'method_differs',
    message: 'Another method was signed than was sent: sign the method of the request line.',
    variants: () => METHODS.map((method) => ({ method })),
  },
]);

/** Mistakes with the third field, the path. Wire protocol §1.2. */
export const pathMistakes = defineMistakes([
  {
    code: 'path_without_prefix',
    message: `The path was signed without the prefix of the received path: sign the whole path of the request line, as in req.originalUrl, not what a router or a base URL leaves of it, and ${PASS_ON}.`,
    variants: ({ path }) => [{ path: path.replace(/^\/[^/]*/, '') || '/' }],
  },
  {
    code: 'path_includes_query',
    message:
      'The query was signed as part of the path: split the target at its first "?" and sign the two parts as two fields.',
    variants: (steps) => [
      { path: formatRequestTarget(steps), query: '' },
      { path: formatRequestTarget(steps) },
    ],
  },
  {
    code: 'path_is_url',
    message: 'The full URL was signed in place of the path: leave out scheme, host and port.',
    variants: (steps) => {
      const { forwarded, path } = steps;
      const target = formatRequestTarget(steps);
      const origins = forwarded.hosts.flatMap((host) => [`https://${host}`, `http://${host}`, host]);
      const prefixes = ['', ...getLikelyPrefixes(steps)];
      return origins.flatMap((origin) =>
        prefixes.flatMap((prefix) => [
          { path: origin + prefix + path },
          { path: origin + prefix + target, query: '' },
          { path: origin + prefix + target },
        ]),
      );
    },
  },
  {
    code: 'path_slash_changed',
    message: `A slash at the beginning or the end of the path was added or dropped: sign the path as it is sent, and ${PASS_ON}.`,
    variants: ({ path }) => [
      { path: path.slice(1) },
      { path: `${path}/` },
      { path: path.replace(/\/$/, '') },
      { path: `/${path}` },
    ],
  },
  {
    code: 'path_decoded',
    message: `The signed path is the received one, percent-decoded: sign it as it is sent, and ${PASS_ON}.`,
    variants: ({ path }) => attempt(() => ({ path: decodeURIComponent(path) })),
  },
  {
    code: 'path_encoded',
    message: `The signed path is the received one, percent-encoded again: sign it as it is sent, and ${PASS_ON}.`,
    variants: ({ path }) => [
      { path: encodeURI(path) },
      { path: encodeURIComponent(path) },
      { path: path.split('/').map(encodeURIComponent).join('/') },
    ],
  },
  {
    code: 'path_normalised',
    message: `The path was normalised before signing (dots resolved, slashes merged, escapes rewritten): sign it as it is sent, and ${PASS_ON}.`,
    variants: ({ path }) => [
      ...attempt(() => ({ path: new URL(path, 'http://localhost').pathname })),
      { path: path.replace(/\/{2,}/g, '/') },
      { path: path.replace(/%[0-9A-Fa-f]{2}/g, (digits) => digits.toUpperCase()) },
    ],
  },
  {
    code: 'path_case_changed',
    message: `The path was signed in lower or upper case: sign it as it is sent, and ${PASS_ON}.`,
    variants: ({ path }) => [{ path: path.toLowerCase() }, { path: path.toUpperCase() }],
  },
]);

const MAX_PARAMETERS = 4;

const splitQuery = (query: string): string[] => query.split('&');
const nameOf = (parameter: string): string => parameter.split('=', 1)[0] as string;
const compare = (left: string, right: string): number => Number(left > right) - Number(left < right);

const encodeEach = (query: string, encode: (text: string) => string): string =>
  [...new URLSearchParams(query)].map((pair) => pair.map(encode).join('=')).join('&');

const rewriteEscapes = (query: string, rewrite: (digits: string) => string): string =>
  query.replace(/%[0-9A-Fa-f]{2}/g, rewrite);

/** Mistakes with the fourth field, the query. Wire protocol §1.2. */
export const queryMistakes = defineMistakes([
  {
    code: 'query_question_mark_kept',
    message: 'The query was signed with its "?": sign what follows it.',
    variants: ({ query }) => [{ query: `?${query}` }],
  },
  {
    code: 'query_sorted',
    message: `The query was sorted before signing: sign it in the order in which it is sent, and ${PASS_ON}.`,
    variants: ({ query }) => {
      const parameters = splitQuery(query);
      const byName = parameters.toSorted((left, right) => compare(nameOf(left), nameOf(right)));
      return [{ query: byName.join('&') }, { query: parameters.toSorted(compare).join('&') }];
    },
  },
  {
    code: 'query_reordered',
    message: `The parameters were signed in another order than they were sent: sign the query that is sent, and ${PASS_ON}.`,
    variants: ({ query }) => {
      const parameters = splitQuery(query);
      if (parameters.length > MAX_PARAMETERS) return [{ query: parameters.toReversed().join('&') }];
      return permute(parameters).map((order) => ({ query: order.join('&') }));
    },
  },
  {
    code: 'query_spaces_rewritten',
    message: `Spaces were signed as "+" and sent as "%20", or the reverse: sign the query that is sent, and ${PASS_ON}.`,
    variants: ({ query }) => [
      { query: query.replaceAll('+', '%20') },
      { query: query.replaceAll('%20', '+') },
      { query: query.replaceAll('%20', ' ') },
    ],
  },
  {
    code: 'query_escapes_rewritten',
    message: `The hex digits of escapes were signed in the other case (%c3, %C3): sign the query that is sent, and ${PASS_ON}.`,
    variants: ({ query }) => [
      { query: rewriteEscapes(query, (digits) => digits.toUpperCase()) },
      { query: rewriteEscapes(query, (digits) => digits.toLowerCase()) },
    ],
  },
  {
    code: 'query_blanks_dropped',
    message: `Parameters without a value were left out of the signed query: sign the query that is sent, and ${PASS_ON}.`,
    variants: ({ query }) => {
      const parameters = splitQuery(query);
      return [
        { query: parameters.filter((each) => each !== '' && !each.endsWith('=')).join('&') },
        { query: parameters.filter((each) => each !== '').join('&') },
      ];
    },
  },
  {
    code: 'query_decoded',
    message: `The query was percent-decoded before signing: sign it as it is sent, and ${PASS_ON}.`,
    variants: ({ query }) => [
      ...attempt(() => ({ query: decodeURIComponent(query) })),
      { query: encodeEach(query, (text) => text) },
    ],
  },
  {
    code: 'query_encoded',
    message: `The query was encoded again before signing (URLSearchParams, encodeURIComponent, a params option): encode it once, then sign and send that text, and ${PASS_ON}.`,
    variants: ({ query }) => [
      { query: new URLSearchParams(query).toString() },
      { query: encodeEach(query, encodeURIComponent) },
      { query: encodeEach(query, encodeComponent) },
      { query: encodeURI(query) },
      { query: encodeURIComponent(query) },
      { query: new URL(`http://localhost/?${query}`).search.slice(1) },
    ],
  },
  {
    code: 'query_case_changed',
    message: 'The query was signed in lower or upper case: sign it as it is sent.',
    variants: ({ query }) => [{ query: query.toLowerCase() }, { query: query.toUpperCase() }],
  },
  {
    code: 'query_as_json',
    message: 'The parameters were signed as JSON: sign the query exactly as in the URL.',
    variants: ({ query }) => [{ query: JSON.stringify(Object.fromEntries(new URLSearchParams(query))) }],
  },
]);

/** Every order of the items: `n!` for `n` items, so keep them few. */
export const permute = <Item>(items: readonly Item[]): Item[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((first, index) => permute(items.toSpliced(index, 1)).map((rest) => [first, ...rest]));
