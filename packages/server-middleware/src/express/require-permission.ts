import type { AnyPermission } from '@cpg/protocol';
import type { RequestHandler } from 'express';
import { sendRejection } from '../http/responses.ts';
import { createPermissionCheck } from '../service/permission.ts';

/**
 * Rejects keys without the permission (403), then bodies that are not JSON (400). Takes the permissions of CPG and those of
 * your own API: names with a colon, such as `invoices:read`, or declared in `CPG.OwnPermissions`. Wire protocol §2,
 * restriction 5.
 *
 * @throws ServerMiddlewareError `invalid_option` for a misspelt permission; on a request, `authentication_missing` without
 * cpgAuth in front.
 */
export const requirePermission = (permission: AnyPermission): RequestHandler => {
  const check = createPermissionCheck(permission);
  return function requirePermission(request, response, next) {
    const rejection = check(request.cpg, request);
    if (rejection === undefined) next();
    else sendRejection(response, rejection);
  };
};
