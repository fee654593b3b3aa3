import { parseRequestTarget, type RequestTarget } from '@cpg/protocol';
import type { AdmissionStore } from '../admission/admission-store.ts';
import type { Principal, RouteLimits } from '../authenticate/request.ts';
import { ServerMiddlewareError } from '../errors.ts';
import type { KeyStore } from '../keys/key-store.ts';
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

/** Returns the framework's own object in place of a new one, so that a derived class puts its private fields on it. */
class FrameworkObject {
  constructor(http: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is the purpose of the class
    return http;
  }
}

/**
 * Keeps how a request was admitted, as a private field of the framework's own object: no header, body or property of a request
 * can set it, and a copy of the object does not have it. A WeakMap would do the same at ten times the CPU, 2 µs a request.
 */
class AdmissionRecord extends FrameworkObject {
  #admitted: Admitted;

  private constructor(http: object, admitted: Admitted) {
    super(http);
    this.#admitted = admitted;
  }

  static set(http: object, admitted: Admitted): void {
    if (#admitted in http) http.#admitted = admitted;
    else new AdmissionRecord(http, admitted);
  }

  static get(http: unknown): Admitted | undefined {
    return typeof http === 'object' && http !== null && #admitted in http ? http.#admitted : undefined;
  }
}

export const rememberAdmitted = AdmissionRecord.set;

/** Returns how a request was admitted, if it was. */
export const findAdmitted = AdmissionRecord.get;

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
