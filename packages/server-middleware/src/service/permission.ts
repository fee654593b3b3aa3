import { type AnyPermission, findPermissionMistake, missingPermission, type Rejection } from '@cpg/protocol';
import type { Principal } from '../authenticate/request.ts';
import { ServerMiddlewareError } from '../errors.ts';
import { assertValue } from '../options.ts';

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
 * @throws ServerMiddlewareError `invalid_option` for a misspelt permission; the check throws `authentication_missing`.
 */
export const createPermissionCheck = (permission: AnyPermission): PermissionCheck => {
  assertValue({ name: 'requirePermission: permission', value: permission, rule: findPermissionMistake });
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
