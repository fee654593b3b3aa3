export type { Admission, AdmissionRequest, AdmissionStore } from './admission/admission-store.ts';
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from './admission/memory/memory-store.ts';
export type { IoredisClient, NodeRedisClient, RedisClient } from './admission/redis/redis-connection.ts';
export { type RedisStoreOptions, redisStore } from './admission/redis/redis-store.ts';
export { type Page, type PageContent, page } from './answers/page.ts';
export { RejectionError } from './answers/rejection-error.ts';
export { rejectionOf } from './answers/rejection-of.ts';
export { sendRejection } from './answers/send-rejection.ts';
export { sendSuccess } from './answers/send-success.ts';
export { authenticate, DECISION_CHANNEL } from './authentication/authenticate.ts';
export type { AuthenticateOptions } from './authentication/authenticate-options.ts';
export type { AuthenticatedRequest, RequestToAuthenticate } from './authentication/authenticated-request.ts';
export { CHECKS, type Check, type DecisionTrace } from './authentication/decision-recorder.ts';
export { type DrainLimits, drainUnreadBodies } from './body/drain-unread-body.ts';
export { parseJsonBody } from './body/parse-json-body.ts';
export { type BodyLimits, type MessageWithRawBody, readBody } from './body/read-body.ts';
export { type DoctorOptions, type DoctorReport, doctor } from './doctor/doctor.ts';
export type { DoctorFinding } from './doctor/examine.ts';
export { type CpgAuthOptions, cpgAuth } from './express/cpg-auth.ts';
export { errorHandler } from './express/error-handler.ts';
export { type IpBackstopOptions, ipBackstop } from './express/ip-backstop.ts';
export { requirePermission } from './express/require-permission.ts';
export {
  type Route,
  type RouteHandler,
  type RouteRequest,
  type RouteResult,
  route,
} from './express/route.ts';
export { type RoutesOptions, routes } from './express/routes.ts';
export { type CachedKeysOptions, cachedKeys } from './keys/cached-keys.ts';
export type { CpgKey, KeyStore } from './keys/cpg-key.ts';
export { staticKeys } from './keys/static-keys.ts';
export type { Logger } from './logger.ts';
export type { Principal } from './principal.ts';
export {
  SERVER_MIDDLEWARE_ERROR_CODES,
  ServerMiddlewareError,
  type ServerMiddlewareErrorCode,
} from './server-middleware-error.ts';
