import { type AnyPermission, findPermissionMistake, missingPermission, type Rejection } from '@cpg/protocol';
import type { Principal } from '../authenticate/request.ts';
import { ServerMiddlewareError } from '../errors.ts';
import { assertValue } from '../options.ts';
import { findMalformedBody } from './gate.ts';

/**
 * Takes the sender and the framework's object for the request. Returns the 403 for a sender without the permission, then the
 * 400 for a malformed body. Wire protocol §2, restriction 5.
 */
export type PermissionCheck = (cpg: Principal | undefined, http: object) => Rejection | undefined;

/**
 * Makes the framework-free part of `requirePermission`.
 *
 * @throws ServerMiddlewareError `invalid_option` for a misspelt permission; the check throws `authentication_missing`.
 */
export const createPermissionCheck = (permission: AnyPermission): PermissionCheck => {
  assertValue({ name: 'requirePermission: permission', value: permission, rule: findPermissionMistake });
  const missing = missingPermission(permission);
  return (cpg, http) =>
    assertAuthenticated(cpg).permissions.includes(permission) ? findMalformedBody(http) : missing;
};

/** @throws ServerMiddlewareError `authentication_missing` */
export const assertAuthenticated = (cpg: Principal | undefined): Principal => {
  if (cpg !== undefined) return cpg;
  throw new ServerMiddlewareError(
    'authentication_missing',
    "A protected route was reached without authentication. Mount cpgAuth before it: app.use('/v1', cpgAuth({ keys, store })).",
  );
};

/**
 * Returns the sender of a request, `req.cpg`, in a handler behind cpgAuth.
 *
 * @throws ServerMiddlewareError `authentication_missing` where cpgAuth is not mounted, or skipped the request.
 */
export const getPrincipal = ({ cpg }: { readonly cpg?: Principal | undefined }): Principal =>
  assertAuthenticated(cpg);
