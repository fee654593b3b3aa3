import { UsageError } from './usage-error.ts';

/** Checks where a server is said to listen: plain HTTP, a host and perhaps a port, nothing else. Throws a `UsageError`. */
export const serverUrl = (text: string, option = '--url'): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url?.protocol === 'http:' && url.pathname === '/' && url.search === '' && url.username === '';
  if (url === undefined || !isPlain)
    throw new UsageError(
      `${option} must be http://host:port without a path, because the suite sends raw bytes: got ${text}. Put a TLS-terminating tunnel in between for https.`,
    );
  return url.origin;
};

/** Checks the URL of a switch of the sandbox, which may have a path. Throws a `UsageError`. */
export const switchUrl = (text: string | undefined, option: string): string | undefined => {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new UsageError(`${option} must be an http URL, as http://host:port/_sandbox/…: got ${text}.`);
  return url.href;
};
