import { errorEnvelope } from '@cpg/protocol';
import type { RequestHandler } from 'express';
import { isLoopbackHost } from '../webhooks/webhook-url.ts';

const hostOf = (origin: string): string | undefined =>
  URL.canParse(origin) ? new URL(origin).host : undefined;

const isForThisMachine = (host: string | undefined): boolean =>
  host !== undefined && URL.canParse(`http://${host}`) && isLoopbackHost(new URL(`http://${host}`).hostname);

/**
 * Keeps web pages of other sites out, which a browser on this machine could be made to call from: the Host must be this
 * machine by address or as localhost (no name that was rebound to it), and an Origin must be the Host's own.
 */
export const sameSiteOnly: RequestHandler = ({ headers: { host, origin } }, response, next) => {
  const isOwnPage = origin === undefined || hostOf(origin) === host;
  if (isForThisMachine(host) && isOwnPage) next();
  else response.status(403).json(errorEnvelope('The sandbox serves this machine and its own page only'));
};
