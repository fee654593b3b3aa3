import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnyPermission } from '@cpg/protocol';
import {
  createParamDecorator,
  type DynamicModule,
  type ExecutionContext,
  type FactoryProvider,
  type ModuleMetadata,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { RejectionError } from '../errors.ts';
import { aFunction, type OptionRules, optional } from '../options.ts';
import * as service from '../service/index.ts';
import { getNestClientIp } from './client-ip.ts';
import { createFilter } from './nest-errors.ts';
import type { CpgRequest, NodeAuthOptions } from './node.ts';

export { route } from './node.ts';

export interface CpgModuleOptions
  extends Omit<NodeAuthOptions, 'routes'>,
    Pick<service.HookOptions<IncomingMessage>, 'skip'> {
  /** Routes of the protocol, which take precedence over controllers. */
  readonly routes?: readonly service.Route<IncomingMessage>[] | undefined;
}

/** Options that a function makes from other providers: `{ useFactory: (config) => ({ keys, store }), inject: [Config] }`. */
export type CpgModuleAsyncOptions = Pick<ModuleMetadata, 'imports'> &
  Pick<FactoryProvider<CpgModuleOptions>, 'useFactory' | 'inject'>;

const OPTIONS = Symbol('CpgModuleOptions');
const RULES: OptionRules<CpgModuleOptions> = {
  ...service.GATE_RULES,
  ...service.HOOK_RULES,
  clientIp: optional(aFunction),
};

/**
 * Nest module that admits only authenticated, fresh, single-use requests within their rate limit, on every path of the app,
 * before Nest's body parsers; and that responds to every error in the envelope. Wire protocol §1–3.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`, when the app is created.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: the shape of a dynamic module in Nest
export class CpgModule {
  static forRoot(options: CpgModuleOptions): DynamicModule {
    return CpgModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: CpgModuleAsyncOptions): DynamicModule {
    return {
      module: CpgModule,
      imports,
      providers: [
        { provide: OPTIONS, useFactory, inject },
        { provide: APP_FILTER, useFactory: createFilter, inject: [OPTIONS] },
        // Nest makes its providers before it mounts body parsers, middleware and controllers.
        { provide: 'CpgMiddleware', useFactory: mount, inject: [OPTIONS, HttpAdapterHost] },
      ],
    };
  }
}

const mount = ({ routes = [], ...options }: CpgModuleOptions, { httpAdapter }: HttpAdapterHost): void => {
  const { logger, clientIp = getNestClientIp } = options;
  const gate = new service.Gate({ ...options, routes }, RULES);
  const respond = service.createRouter(routes, { logger });
  httpAdapter.use(async (message: CpgRequest, response: ServerResponse, next: () => void) => {
    const parts = { target: service.getNodeTarget(message), clientIp: () => clientIp(message) };
    const described = service.describeExchange(message, response, parts);
    const outcome = await gate.enter(described, message);
    if (outcome !== undefined && service.isResponse(outcome)) return service.sendResponse(response, outcome);
    if (outcome !== undefined) setProperties(message, outcome);
    // Also of another CpgModule; missing for a request that skip lets pass.
    const { cpg, rawBody, body } = message;
    if (cpg === undefined) return next();
    const { method, target, recorder } = described;
    const authenticated = { method, target, cpg, rawBody, body, recorder, http: message };
    const result = await respond({ ...authenticated, leavesUnknown: true });
    return result === undefined ? next() : service.sendResponse(response, result);
  });
};

const setProperties = (message: CpgRequest, { cpg, rawBody, json }: service.AdmittedRequest): void => {
  Object.assign(message, { cpg, rawBody });
  if (json === undefined) return;
  // The marks that the parsers of Express look for, to skip the request. Those of Fastify choose by the type.
  Object.assign(message, { body: json.value, _body: true, finished: true });
  message.headers['content-type'] = rawBody.length > 0 ? 'application/json' : undefined;
};

/** The request of `node:http`, which Fastify wraps. */
const getRequest = (context: ExecutionContext): CpgRequest => {
  const request = context.switchToHttp().getRequest<CpgRequest & { readonly raw?: CpgRequest }>();
  return request.raw ?? request;
};

/**
 * Guards a controller or a handler: rejects keys without the permission (403), then bodies that are not JSON (400). Wire
 * protocol §2, restriction 5.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const RequirePermission = (permission: AnyPermission): MethodDecorator & ClassDecorator => {
  const check = service.createPermissionCheck(permission);
  const canActivate = (context: ExecutionContext): true => {
    const request = getRequest(context);
    const rejection = check(request.cpg, request);
    if (rejection === undefined) return true;
    throw new RejectionError(rejection);
  };
  return UseGuards({ canActivate });
};

/** Parameter decorator for the sender: `(@CpgPrincipal() sender: Principal)`. */
export const CpgPrincipal = createParamDecorator((_data, context) => getRequest(context).cpg);

/** Parameter decorator for the body bytes that were signed: `(@SignedBody() bytes: Buffer)`. */
export const SignedBody = createParamDecorator((_data, context) => getRequest(context).rawBody);
