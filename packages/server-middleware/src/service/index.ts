// What the adapters share.
export { ErrorLog } from '../http/error-log.ts';
export {
  formatRejection,
  type HttpResponse,
  prepareResponse,
  sendRejection,
  sendResponse,
} from '../http/responses.ts';
export { getRecorder } from '../observability/response-event.ts';
export {
  type AdmittedRequest,
  type CpgAuthOptions,
  GATE_RULES,
  Gate,
  isResponse,
} from './gate.ts';
export { HOOK_RULES, type HookOptions } from './hooks.ts';
export { describeExchange, getNodeTarget } from './node-exchange.ts';
export { createPermissionCheck } from './permission.ts';
export { createRouter, type Route, type RouteFactory, type RoutesOptions, route } from './router.ts';
