import { printRequestTarget } from '../request-target.ts';
import { attempt, defineMistakes } from './mistake.ts';

/** Mistakes with the third field. Contract §1.2. */
export const pathMistakes = defineMistakes([
  {
    code: 'path_without_prefix',
    message:
      'The path was signed without its /v1 prefix: sign the whole path of the request line, as in req.originalUrl, not what a router or a base URL leaves of it.',
    variants: ({ path }) => [{ path: path.replace(/^\/[^/]*/, '') || '/' }],
  },
  {
    code: 'path_includes_query',
    message:
      'The query was signed as part of the path: split the target at its first "?" and sign the two parts as two fields.',
    variants: (steps) => [
      { path: printRequestTarget(steps), query: '' },
      { path: printRequestTarget(steps) },
    ],
  },
  {
    code: 'path_is_url',
    message: 'The full URL was signed in place of the path: leave out scheme, host and port.',
    variants: (steps) => {
      const { host, path } = steps;
      if (!host) return [];
      return [`https://${host}`, `http://${host}`, host].flatMap((origin) => [
        { path: origin + path },
        { path: origin + printRequestTarget(steps), query: '' },
        { path: origin + printRequestTarget(steps) },
      ]);
    },
  },
  {
    code: 'path_slash_changed',
    message:
      'A slash at the beginning or the end of the path was added or dropped: sign the path as it is sent.',
    variants: ({ path }) => [
      { path: path.slice(1) },
      { path: `${path}/` },
      { path: path.replace(/\/$/, '') },
      { path: `/${path}` },
    ],
  },
  {
    code: 'path_decoded',
    message: 'The path was percent-decoded before signing: sign it as it is sent.',
    variants: ({ path }) => attempt(() => ({ path: decodeURIComponent(path) })),
  },
  {
    code: 'path_encoded',
    message: 'The path was percent-encoded once more before signing: sign it as it is sent.',
    variants: ({ path }) => [
      { path: encodeURI(path) },
      { path: encodeURIComponent(path) },
      { path: path.split('/').map(encodeURIComponent).join('/') },
    ],
  },
  {
    code: 'path_normalised',
    message:
      'The path was normalised before signing (dots resolved, slashes merged, escapes rewritten): sign it as it is sent.',
    variants: ({ path }) => [
      ...attempt(() => ({ path: new URL(path, 'http://localhost').pathname })),
      { path: path.replace(/\/{2,}/g, '/') },
      { path: path.replace(/%[0-9A-Fa-f]{2}/g, (digits) => digits.toUpperCase()) },
    ],
  },
  {
    code: 'path_case_changed',
    message: 'The path was signed in lower or upper case: sign it as it is sent.',
    variants: ({ path }) => [{ path: path.toLowerCase() }, { path: path.toUpperCase() }],
  },
]);
