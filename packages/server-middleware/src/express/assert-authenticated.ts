import type { Request } from 'express';
import { ServerMiddlewareError } from '../server-middleware-error.ts';
import './augment-request.ts';

/**
 * Refuses to serve a protected route that cpgAuth does not stand in front of.
 *
 * @throws ServerMiddlewareError `authentication_missing`
 */
export const assertAuthenticated = (request: Request): void => {
  if (request.cpg !== undefined) return;
  throw new ServerMiddlewareError(
    'authentication_missing',
    "A protected route was reached without authentication. Mount cpgAuth before it: app.use('/v1', cpgAuth({ keys, store })).",
  );
};
