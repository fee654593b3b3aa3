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
