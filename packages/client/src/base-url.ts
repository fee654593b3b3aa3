import { CpgError } from './errors/cpg-error.ts';

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;

const refuse = (problem: string): never => {
  throw new CpgError('invalid_configuration', `baseUrl ${problem}.`);
};

export interface BaseUrl {
  /** Scheme, host and port, without a trailing slash. */
  readonly origin: string;
  readonly isLoopback: boolean;
}

/**
 * Reads the gateway's address: an origin such as `https://api.example.com`. Plain http is for loopback alone.
 *
 * @throws CpgError `invalid_configuration` for anything else, with the cure.
 */
export const parseBaseUrl = (text: string): BaseUrl => {
  if (typeof text !== 'string' || !URL.canParse(text)) {
    return refuse('must be a URL such as "https://api.example.com"');
  }
  const url = new URL(text);
  const isLoopback = LOOPBACK.test(url.hostname);
  if (url.username !== '' || url.password !== '') return refuse('must not contain a user name or password');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    return refuse(
      `must begin with https:// (http:// is for loopback alone): got ${url.protocol}//${url.host}`,
    );
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return refuse(
      `must be an origin without path, query or fragment, because the signature covers the path as the gateway sees it: got ${url.pathname} after the host; leave out "/v1" too`,
    );
  }
  return { origin: url.origin, isLoopback };
};
