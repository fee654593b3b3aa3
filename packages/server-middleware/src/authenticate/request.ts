import type { AnyPermission, AuthenticationHeaders, Rejection, RequestTarget } from '@cpg/protocol';
import type { RouteRate } from '../admission/admission-store.ts';
import type { BodyBytes, BodyLimits } from '../http/body-collector.ts';
import type { ResponseRecorder } from '../observability/response-event.ts';

/** A request as received, without any framework. */
export interface RequestToAuthenticate {
  readonly method: string;
  /** The request target as on the wire; in Express `req.originalUrl`, in `node:http` `req.url`. */
  readonly target: string;
  /** The request target that the client signed, if a proxy has changed it on the way. */
  readonly signedTarget?: string | undefined;
  /** Names and values in turn, as in Node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
  /** The client's address; called only for keys with a whitelist. */
  readonly clientIp: () => string | undefined;
  /** The limits of the route, if it has its own. */
  readonly limits?: RouteLimits | undefined;
  /** Called once, after headers, target and timestamp were checked; see `readBody`. */
  readonly readBody: (limits: BodyLimits) => Uint8Array | Rejection | Promise<Uint8Array | Rejection>;
  /** Records the decision for the event of the response; see `startRecording` and `recordResponse`. */
  readonly recorder?: ResponseRecorder | undefined;
}

/** The limits of one route. */
export interface RouteLimits {
  /** Maximum bytes of the body, in place of the `bodyLimit` of the options. */
  readonly bodyLimit?: number | undefined;
  /** Milliseconds to receive the whole body, in place of the `bodyTimeoutMs` of the options. */
  readonly bodyTimeoutMs?: number | undefined;
  /** The rate limit, on top of the key's; needs a store that counts routes. */
  readonly rate?: RouteRate | undefined;
}

/** A request that passed every check. */
export interface AuthenticatedRequest {
  readonly principal: Principal;
  /** The body bytes that were signed. */
  readonly body: BodyBytes;
}

/** The sender of an authenticated request; `req.cpg` in Express. */
export interface Principal {
  readonly keyId: string;
  readonly accountId: string;
  readonly permissions: readonly AnyPermission[];
  /** The signed timestamp, Unix seconds. */
  readonly timestamp: number;
}

/** The parts of a request whose body was read. */
export interface ReadRequest {
  readonly headers: AuthenticationHeaders;
  readonly target: RequestTarget;
  readonly timestamp: number;
  readonly body: Uint8Array;
}
