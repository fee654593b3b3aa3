import { assertString } from './arguments.ts';

/** The pages of the documentation site that explain codes. */
export type ErrorPage =
  | 'wire'
  | 'client'
  | 'server-middleware'
  | 'protocol'
  | 'findings'
  | 'doctor'
  | 'commands'
  | 'gateway';

/** Where the reference gateway serves the site. */
const DEFAULT_URL = '/docs/';

// Shared by the packages of CPG, and by all copies of them in a process.
const URL_KEY = Symbol.for('cpg.documentation-url');
const shared = globalThis as { [URL_KEY]?: string };

/**
 * Sets where the documentation site is, for the `help` of errors that are created from now on, in every package of CPG.
 * Without this call, `help` is a path of the gateway: `/docs/errors/client.html#timeout`.
 *
 * @example setDocumentationUrl('https://gateway.example/docs/')
 * @throws ProtocolError `invalid_field` for anything but a string
 */
export const setDocumentationUrl = (url: string): void => {
  assertString(url, 'url');
  shared[URL_KEY] = url.replace(/\/?$/, '/');
};

/**
 * The address of the entry that explains a code: what it means, and what to do.
 *
 * @throws ProtocolError `invalid_field` for anything but strings
 */
export const getErrorUrl = (page: ErrorPage, code: string): string => {
  assertString(page, 'page');
  assertString(code, 'code');
  return `${shared[URL_KEY] ?? DEFAULT_URL}errors/${page}.html#${code}`;
};
