import { parseRequestTarget, type RequestTarget } from '@cpg/protocol';
import type { AdmissionStore } from '../admission/admission-store.ts';
import type { Principal, RouteLimits } from '../authenticate/request.ts';
import { ServerMiddlewareError } from '../errors.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { createPrivateField } from '../private-field.ts';
import { isSameRate } from './route-table.ts';

/** What a `cpgAuth` checked, when it admitted a request. */
export interface AdmittedAs {
  readonly keys: KeyStore;
  readonly store: AdmissionStore;
  readonly method: string;
  /** As the client signed it. */
  readonly target: string;
  readonly limits: RouteLimits | undefined;
}

/** A request that was admitted. */
export interface Admitted extends AdmittedAs {
  readonly cpg: Principal;
  readonly rawBody: Buffer;
  /** Whether the body was parsed. */
  readonly isParsed: boolean;
}

const admissions = createPrivateField<Admitted>();

export const rememberAdmitted = admissions.set;

/** Returns how a request was admitted, if it was. */
export const findAdmitted = admissions.get;

/** Returns the target that the client of an admitted request signed, if a proxy has changed it. */
export const findSignedTarget = (http: unknown, received: string): RequestTarget | undefined => {
  const target = findAdmitted(http)?.target;
  // It was parsed before the signature was checked.
  return target === undefined || target === received
    ? undefined
    : (parseRequestTarget(target) as RequestTarget);
};

/**
 * Fails if a second `cpgAuth` would have checked an admitted request differently: the request must not pass it unchecked, and
 * cannot be admitted twice.
 *
 * @throws ServerMiddlewareError `mounted_twice`
 */
export const assertSameAdmission = (first: Admitted, second: AdmittedAs): void => {
  const differences: Readonly<Record<string, boolean>> = {
    'key store': first.keys !== second.keys,
    'admission store': first.store !== second.store,
    'signed target': first.target !== second.target,
    method: first.method !== second.method,
    'rate limit of the route':
      second.limits?.rate !== undefined && !isSameRate(first.limits?.rate, second.limits.rate),
  };
  const [difference] = Object.entries(differences).find(([, isDifferent]) => isDifferent) ?? [];
  if (difference === undefined) return;
  throw new ServerMiddlewareError(
    'mounted_twice',
    `A second cpgAuth, with another ${difference}, received a request that the first has admitted. Mount cpgAuth once, or create the options once and pass the same to both.`,
  );
};
