import type { RequestHandler } from 'express';

/** Ends each connection with its answer while the gateway drains: an idle keep-alive connection would hold it up. */
export const closeWhenDraining =
  (isDraining: () => boolean): RequestHandler =>
  (_request, response, next) => {
    if (isDraining()) response.setHeader('Connection', 'close');
    next();
  };
