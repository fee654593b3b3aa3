import './cpg-auth.ts';
import { missingPermission, PERMISSIONS, type Permission } from '@cpg/protocol';
import type { Request, RequestHandler } from 'express';
import { ServerMiddlewareError } from '../errors.ts';
import { sendRejection } from '../http/responses.ts';
import { assertValue, type OptionRule } from '../options.ts';
import { malformedBody } from './json-body.ts';

const aPermission: OptionRule = (value) =>
  PERMISSIONS.includes(value as Permission) ? undefined : `be one of ${PERMISSIONS.join(', ')}`;

/**
 * Lets through only keys that hold the permission (403), then only bodies that are JSON (400). Contract §2, restriction 5.
 *
 * @throws ServerMiddlewareError `invalid_option` for a permission that the protocol does not know; on a request,
 * `authentication_missing` without cpgAuth in front.
 */
export const requirePermission = (permission: Permission): RequestHandler => {
  assertValue({ name: 'requirePermission: Permission', value: permission, rule: aPermission });
  const missing = missingPermission(permission);
  return (request, response, next) => {
    assertAuthenticated(request);
    const rejection = request.cpg.permissions.includes(permission) ? malformedBody(request) : missing;
    if (rejection === undefined) next();
    else sendRejection(response, rejection);
  };
};

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
