import { missingPermission, PERMISSIONS, type Permission, type Rejection } from '@cpg/protocol';
import type { Principal } from '../authenticate/request.ts';
import { ServerMiddlewareError } from '../errors.ts';
import { assertValue, type OptionRule } from '../options.ts';

const aPermission: OptionRule = (value) =>
  PERMISSIONS.includes(value as Permission) ? undefined : `be one of ${PERMISSIONS.join(', ')}`;

/**
 * Returns the 403 for a sender without the permission, then the postponed rejection of a malformed body, if any. Wire
 * protocol §2, restriction 5.
 */
export type PermissionCheck = (
  cpg: Principal | undefined,
  malformed: Rejection | undefined,
) => Rejection | undefined;

/**
 * Makes the framework-free part of `requirePermission`.
 *
 * @throws ServerMiddlewareError `invalid_option` for an unknown permission; the check throws `authentication_missing`.
 */
export const createPermissionCheck = (permission: Permission): PermissionCheck => {
  assertValue({ name: 'requirePermission: Permission', value: permission, rule: aPermission });
  const missing = missingPermission(permission);
  return (cpg, malformed) =>
    assertAuthenticated(cpg).permissions.includes(permission) ? malformed : missing;
};

/** @throws ServerMiddlewareError `authentication_missing` */
export const assertAuthenticated = (cpg: Principal | undefined): Principal => {
  if (cpg !== undefined) return cpg;
  throw new ServerMiddlewareError(
    'authentication_missing',
    "A protected route was reached without authentication. Mount cpgAuth before it: app.use('/v1', cpgAuth({ keys, store })).",
  );
};
