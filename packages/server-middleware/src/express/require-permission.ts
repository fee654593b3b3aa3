import { missingPermission, PERMISSIONS, type Permission } from '@cpg/protocol';
import type { Request, RequestHandler } from 'express';
import { ServerMiddlewareError } from '../errors.ts';
import { sendRejection } from '../http/responses.ts';
import { assertValue, type OptionRule } from '../options.ts';
import { findMalformedBody } from './json-body.ts';

const aPermission: OptionRule = (value) =>
  PERMISSIONS.includes(value as Permission) ? undefined : `be one of ${PERMISSIONS.join(', ')}`;

/**
 * Rejects keys without the permission (403), then bodies that are not JSON (400). Wire protocol §2, restriction 5.
 *
 * @throws ServerMiddlewareError `invalid_option` for an unknown permission; on a request, `authentication_missing` without
 * cpgAuth in front.
 */
export const requirePermission = (permission: Permission): RequestHandler => {
  assertValue({ name: 'requirePermission: Permission', value: permission, rule: aPermission });
  const missing = missingPermission(permission);
  return (request, response, next) => {
    assertAuthenticated(request);
    const rejection = request.cpg.permissions.includes(permission) ? findMalformedBody(request) : missing;
    if (rejection === undefined) next();
    else sendRejection(response, rejection);
  };
};

/**
 * @throws ServerMiddlewareError `authentication_missing`
 */
export const assertAuthenticated = (request: Request): void => {
  if (request.cpg !== undefined) return;
  throw new ServerMiddlewareError(
    'authentication_missing',
    "A protected route was reached without authentication. Mount cpgAuth before it: app.use('/v1', cpgAuth({ keys, store })).",
  );
};
