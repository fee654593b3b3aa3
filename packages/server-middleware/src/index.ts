export * from './core.ts';
export { type DoctorOptions, doctor, type InspectedStore } from './doctor/doctor.ts';
export type { DoctorFinding, DoctorReport } from './doctor/finding.ts';
export {
  type CpgAuthOptions,
  type CpgRequestProperties,
  captureRawBody,
  cpgAuth,
} from './express/cpg-auth.ts';
export { type ErrorHandlerOptions, errorHandler } from './express/error-handler.ts';
export { type IpBackstopOptions, ipBackstop } from './express/ip-backstop.ts';
export { type ObserveResponsesOptions, observeResponses } from './express/observe-responses.ts';
export { requirePermission } from './express/require-permission.ts';
export { type Route, type RouteHandler, type RouteRequest, route, routes } from './express/routes.ts';
export * from './redis.ts';
export type { KnownRoute, RouteOptions, RouteRule } from './service/route-table.ts';
