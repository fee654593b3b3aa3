import { encodeComponent } from '../query-string.ts';
import { attempt, defineMistakes } from './mistake.ts';
import { permutationsOf } from './permutations.ts';

const MOST_PARAMETERS = 4;

const parametersOf = (query: string): string[] => query.split('&');
const nameOf = (parameter: string): string => parameter.split('=', 1)[0] as string;
const compare = (left: string, right: string): number => Number(left > right) - Number(left < right);

const encodeEach = (query: string, encode: (text: string) => string): string =>
  [...new URLSearchParams(query)].map((pair) => pair.map(encode).join('=')).join('&');

const rewriteEscapes = (query: string, rewrite: (digits: string) => string): string =>
  query.replace(/%[0-9A-Fa-f]{2}/g, rewrite);

/** Mistakes with the fourth field. Contract §1.2. */
export const queryMistakes = defineMistakes([
  {
    code: 'query_question_mark_kept',
    message: 'The query was signed with its "?": sign what follows it.',
    variants: ({ query }) => [{ query: `?${query}` }],
  },
  {
    code: 'query_sorted',
    message: 'The query was sorted before signing: sign it in the order in which it is sent.',
    variants: ({ query }) => {
      const parameters = parametersOf(query);
      const byName = parameters.toSorted((left, right) => compare(nameOf(left), nameOf(right)));
      return [{ query: byName.join('&') }, { query: parameters.toSorted(compare).join('&') }];
    },
  },
  {
    code: 'query_reordered',
    message: 'The parameters were signed in another order than they were sent: sign the query that is sent.',
    variants: ({ query }) => {
      const parameters = parametersOf(query);
      if (parameters.length > MOST_PARAMETERS) return [{ query: parameters.toReversed().join('&') }];
      return permutationsOf(parameters).map((order) => ({ query: order.join('&') }));
    },
  },
  {
    code: 'query_spaces_rewritten',
    message: 'Spaces were signed as "+" and sent as "%20", or the reverse: sign the query that is sent.',
    variants: ({ query }) => [
      { query: query.replaceAll('+', '%20') },
      { query: query.replaceAll('%20', '+') },
      { query: query.replaceAll('%20', ' ') },
    ],
  },
  {
    code: 'query_escapes_rewritten',
    message:
      'The hex digits of escapes were signed in the other case (%c3, %C3): sign the query that is sent.',
    variants: ({ query }) => [
      { query: rewriteEscapes(query, (digits) => digits.toUpperCase()) },
      { query: rewriteEscapes(query, (digits) => digits.toLowerCase()) },
    ],
  },
  {
    code: 'query_blanks_dropped',
    message: 'Parameters without a value were left out of the signed query: sign the query that is sent.',
    variants: ({ query }) => {
      const parameters = parametersOf(query);
      return [
        { query: parameters.filter((each) => each !== '' && !each.endsWith('=')).join('&') },
        { query: parameters.filter((each) => each !== '').join('&') },
      ];
    },
  },
  {
    code: 'query_decoded',
    message: 'The query was percent-decoded before signing: sign it as it is sent.',
    variants: ({ query }) => [
      ...attempt(() => ({ query: decodeURIComponent(query) })),
      { query: encodeEach(query, (text) => text) },
    ],
  },
  {
    code: 'query_encoded',
    message:
      'The query was encoded anew before signing (URLSearchParams, encodeURIComponent, a params option): encode it once, then sign and send that text.',
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
    message: 'The parameters were signed as JSON: sign the query as it stands in the URL.',
    variants: ({ query }) => [{ query: JSON.stringify(Object.fromEntries(new URLSearchParams(query))) }],
  },
]);
