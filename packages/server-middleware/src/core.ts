export type { Admission, AdmissionRequest, AdmissionStore } from './admission/admission-store.ts';
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from './admission/memory/memory-store.ts';
export { authenticate, DECISION_CHANNEL } from './authenticate/authenticate.ts';
export type { AuthenticateOptions } from './authenticate/authenticate-options.ts';
export { CHECKS, type Check, type DecisionTrace } from './authenticate/decision-trace.ts';
export type { AuthenticatedRequest, Principal, RequestToAuthenticate } from './authenticate/request.ts';
export {
  getRejection,
  RejectionError,
  SERVER_MIDDLEWARE_ERROR_CODES,
  ServerMiddlewareError,
  type ServerMiddlewareErrorCode,
} from './errors.ts';
export type { BodyBytes } from './http/body-collector.ts';
export { type DrainLimits, drainUnreadBodies, type NodeServerLike } from './http/drain-unread-body.ts';
export { parseJsonBody } from './http/parse-json-body.ts';
export { type BodyLimits, type MessageWithRawBody, readBody } from './http/read-body.ts';
export {
  formatRejection,
  formatSuccess,
  type HttpResponse,
  type NodeResponseLike,
  type Page,
  type PageContent,
  page,
  sendRejection,
  sendResponse,
  sendSuccess,
} from './http/responses.ts';
export {
  type CachedKeys,
  type CachedKeysOptions,
  type CachedKeysStats,
  cachedKeys,
} from './keys/cached-keys.ts';
export { type CpgKey, type KeyStore, staticKeys } from './keys/key-store.ts';
export {
  RESPONSE_CHANNEL,
  type RequestToRecord,
  type ResponseCheck,
  type ResponseEvent,
  type ResponseRecorder,
  recordResponse,
  startRecording,
} from './observability/response-event.ts';
export { getPrincipal } from './service/permission.ts';
export {
  createRouter,
  type Route,
  type RouteFactory,
  type RouteHandler,
  type RouteRequest,
  type RouteResult,
  type Router,
  type RouterRequest,
  type RoutesOptions,
  route,
} from './service/router.ts';
export type { Logger } from './user-code.ts';
