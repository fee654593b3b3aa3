import { missingPermission, PERMISSIONS, type Permission } from '@cpg/protocol';
import type { RequestHandler } from 'express';
import { sendRejection } from '../answers/send-rejection.ts';
import { assertValue, type OptionRule } from '../options.ts';
import { assertAuthenticated } from './assert-authenticated.ts';
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
