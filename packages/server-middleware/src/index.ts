export type { Admission, AdmissionRequest, AdmissionStore } from './admission/admission-store.ts';
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from './admission/memory/memory-store.ts';
export type { IoredisClient, NodeRedisClient, RedisClient } from './admission/redis/redis-client.ts';
export { type RedisStoreOptions, redisStore } from './admission/redis/redis-store.ts';
export type { AuthenticateOptions } from './authenticate/authenticate.ts';
export { authenticate, DECISION_CHANNEL } from './authenticate/authenticate.ts';
export { CHECKS, type Check, type DecisionTrace } from './authenticate/decision-trace.ts';
export type { AuthenticatedRequest, Principal, RequestToAuthenticate } from './authenticate/request.ts';
export type { DoctorFinding } from './doctor.ts';
export { type DoctorOptions, type DoctorReport, doctor } from './doctor.ts';
export {
  RejectionError,
  rejectionOf,
  SERVER_MIDDLEWARE_ERROR_CODES,
  ServerMiddlewareError,
  type ServerMiddlewareErrorCode,
} from './errors.ts';
export { type CpgAuthOptions, cpgAuth } from './express/cpg-auth.ts';
export { errorHandler } from './express/error-handler.ts';
export { type IpBackstopOptions, ipBackstop } from './express/ip-backstop.ts';
export { requirePermission } from './express/require-permission.ts';
export {
  type Route,
  type RouteHandler,
  type RouteRequest,
  type RouteResult,
  type RoutesOptions,
  route,
  routes,
} from './express/routes.ts';
export { type DrainLimits, drainUnreadBodies } from './http/drain-unread-body.ts';
export { type BodyLimits, type MessageWithRawBody, parseJsonBody, readBody } from './http/read-body.ts';
export { type Page, type PageContent, page, sendRejection, sendSuccess } from './http/responses.ts';
export { type CachedKeysOptions, cachedKeys } from './keys/cached-keys.ts';
export type { CpgKey, KeyStore } from './keys/key-store.ts';
export { staticKeys } from './keys/key-store.ts';
export type { Logger } from './user-code.ts';
