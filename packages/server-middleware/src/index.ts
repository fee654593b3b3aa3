export * from './core.ts';
export { type DoctorFinding, type DoctorOptions, type DoctorReport, doctor } from './doctor.ts';
export { type CpgAuthOptions, cpgAuth } from './express/cpg-auth.ts';
export { type ErrorHandlerOptions, errorHandler } from './express/error-handler.ts';
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
export * from './redis.ts';
