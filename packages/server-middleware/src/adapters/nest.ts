import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AnyPermission, REJECTIONS } from '@cpg/protocol';
import {
  createParamDecorator,
  type DynamicModule,
  type ExceptionFilter,
  type ExecutionContext,
  type FactoryProvider,
  type ModuleMetadata,
  NotFoundException,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { RejectionError } from '../errors.ts';
import * as service from '../service/index.ts';
import { getNestClientIp } from './client-ip.ts';
import { type CpgRequest, cpgAuth, type NodeAuthOptions } from './node.ts';

export { route } from './node.ts';

export interface CpgModuleOptions extends NodeAuthOptions {
  /** Routes of the protocol, which take precedence over controllers. */
  readonly routes?: readonly service.Route<IncomingMessage>[] | undefined;
}

/** Options that a function makes from other providers: `{ useFactory: (config) => ({ keys, store }), inject: [Config] }`. */
export type CpgModuleAsyncOptions = Pick<ModuleMetadata, 'imports'> &
  Pick<FactoryProvider<CpgModuleOptions>, 'useFactory' | 'inject'>;

const OPTIONS = Symbol('CpgModuleOptions');

type Wrapper = { readonly raw?: ServerResponse; hijack?(): void };

/**
 * Nest module that admits only authenticated, fresh, single-use requests within their rate limit, on every path of the app,
 * before Nest's body parsers; and that responds to every error in the envelope. Wire protocol §1–3.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`, when the app is created.
 */
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
  const authenticate = cpgAuth({ clientIp: getNestClientIp, ...options, routes });
  const respond = service.createRouter(routes, { logger: options.logger });
  httpAdapter.use(async (message: IncomingMessage, response: ServerResponse, next: () => void) => {
    const request = await authenticate(message, response);
    if (request === undefined) return;
    const { method = '', url = '', headers, cpg, rawBody, body } = request;
    if (options.json !== false) {
      // The marks that the parsers of Express look for, to skip the request. Those of Fastify choose by the type.
      Object.assign(request, { _body: true, finished: true });
      headers['content-type'] = rawBody.length > 0 ? 'application/json' : undefined;
    }
    const parts = { method, target: url, cpg, rawBody, body, http: request, leavesUnknown: true };
    const result = await respond({ ...parts, recorder: service.getRecorder(response) });
    if (result === undefined) next();
    else service.sendResponse(response, result);
  });
};

/** Responds to errors in the envelope, and logs 5xx. */
const createFilter = ({ logger }: CpgModuleOptions): ExceptionFilter => {
  const errorLog = new service.ErrorLog(logger);
  return {
    catch: (error, host) => {
      if (host.getType() !== 'http') throw error;
      const reply = host.switchToHttp().getResponse<ServerResponse & Wrapper>();
      const { raw: response = reply } = reply;
      reply.hijack?.();
      const isUnknown = error instanceof NotFoundException; // thrown by Nest's router
      if (isUnknown) service.getRecorder(response)?.rejected(REJECTIONS.not_found, 'routing');
      const thrown = isUnknown ? new RejectionError(REJECTIONS.not_found) : error;
      service.sendResponse(response, errorLog.formatError(thrown));
    },
  };
};

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
