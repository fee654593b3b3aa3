import 'reflect-metadata';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { REJECTIONS } from '@cpg/protocol';
import { exchange } from '@cpg/test-support/raw-client';
import {
  type AdapterService,
  createAdapterService,
  formatEcho,
} from '@cpg/test-support/server-middleware/adapter-service';
import { describeAdapter, describeHooks } from '@cpg/test-support/server-middleware/describe-adapter';
import { signedRequest } from '@cpg/test-support/server-middleware/fixtures';
import {
  type ArgumentsHost,
  Body,
  Controller,
  type ExceptionFilter,
  type FactoryProvider,
  Get,
  HttpCode,
  type INestApplication,
  Module,
  Post,
  Req,
} from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { drainUnreadBodies, type Principal, RejectionError } from '../core.ts';
import { CpgModule, type CpgModuleOptions, CpgPrincipal, RequirePermission, SignedBody } from './nest.ts';

class OwnController {
  read(cpg: Principal, rawBody: Buffer): string {
    return formatEcho({ cpg, rawBody, body: undefined });
  }

  write(cpg: Principal, rawBody: Buffer, body: unknown): string {
    return formatEcho({ cpg, rawBody, body });
  }

  fails(): never {
    throw new Error('own handler');
  }

  rejects(): never {
    throw new RejectionError(REJECTIONS.not_found);
  }
}

const descriptorOf = (prototype: object, name: string) =>
  Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;

/** Applies decorators as TypeScript does; tests are not compiled with its experimental decorators. */
const decorate = (name: keyof OwnController, ...decorators: readonly MethodDecorator[]) => {
  const descriptor = descriptorOf(OwnController.prototype, name);
  for (const decorator of decorators) decorator(OwnController.prototype, name, descriptor);
};
for (const [index, decorator] of [CpgPrincipal(), SignedBody(), Body()].entries()) {
  decorator(OwnController.prototype, 'write', index);
  decorator(OwnController.prototype, 'read', index);
}
decorate('read', RequirePermission('withdraw'), Get('echo'));
decorate('write', RequirePermission('withdraw'), HttpCode(200), Post('echo'));
decorate('fails', Get('fails'));
decorate('rejects', Get('rejects'));
Controller('own')(OwnController);

const createAppModule = ({ options, routes }: AdapterService) => {
  class AppModule {}
  Module({
    imports: [CpgModule.forRootAsync({ useFactory: async () => ({ ...options, routes }) })],
    controllers: [OwnController],
  })(AppModule);
  return AppModule;
};

const start = async (app: INestApplication) => {
  drainUnreadBodies(app.getHttpServer() as Server);
  await app.listen(0, '127.0.0.1');
  return { port: ((app.getHttpServer() as Server).address() as AddressInfo).port, close: () => app.close() };
};

describeAdapter({
  name: 'Nest on Express',
  start: async (service) =>
    start(await NestFactory.create(createAppModule(service), new ExpressAdapter(), { logger: false })),
});

describeAdapter({
  name: 'Nest on Fastify',
  start: async (service) =>
    start(await NestFactory.create(createAppModule(service), new FastifyAdapter(), { logger: false })),
  differences: {
    // Fastify's router rejects what it cannot decode before any plugin runs.
    'the target /v1/%zz': { status: 400, message: undefined },
  },
});

describe('CpgModule', () => {
  const startApp = async (options: CpgModuleOptions, adapter = new ExpressAdapter()) => {
    class AppModule {}
    class RawController {
      read(bytes: Buffer, stream: AsyncIterable<Buffer>) {
        return text(stream).then((body) => `${body},${String(bytes)}`);
      }
    }
    SignedBody()(RawController.prototype, 'read', 0);
    Req()(RawController.prototype, 'read', 1);
    Post('raw')(RawController.prototype, 'read', descriptorOf(RawController.prototype, 'read'));
    Controller()(RawController);
    Module({ imports: [CpgModule.forRoot(options)], controllers: [RawController] })(AppModule);
    const app = await NestFactory.create(AppModule, adapter, { logger: false, bodyParser: false });
    await app.listen(0, '127.0.0.1');
    onTestFinished(() => app.close());
    return ((app.getHttpServer() as Server).address() as AddressInfo).port;
  };

  it('leaves the body readable with json: false', async () => {
    const port = await startApp({ ...createAdapterService().options, json: false });
    const response = await exchange(port, signedRequest({ method: 'POST', target: '/raw', body: 'a=1' }));
    expect([response.status, response.body]).toEqual([201, 'a=1,a=1']);
  });

  it('is 500 for a key with a whitelist if clients choose their address', async () => {
    const { options } = createAdapterService();
    const adapter = new ExpressAdapter();
    adapter.set('trust proxy', true);
    const port = await startApp(options, adapter);
    expect((await exchange(port, signedRequest({ keyId: 'ck_here' }))).status).toBe(500);
    expect(options.logger.lines.map(({ fields }) => fields.code)).toEqual(['permissive_trust_proxy']);
  });

  it('passes errors of other transports on', () => {
    const { providers = [] } = CpgModule.forRoot(createAdapterService().options);
    const { useFactory } = providers.find(
      (provider) => typeof provider === 'object' && 'provide' in provider && provider.provide === APP_FILTER,
    ) as FactoryProvider<ExceptionFilter>;
    const filter = useFactory({}) as ExceptionFilter;
    const error = new Error('not HTTP');
    expect(() => filter.catch(error, { getType: () => 'rpc' } as ArgumentsHost)).toThrow(error);
  });
});

describeHooks<IncomingMessage>({
  name: 'Nest',
  getTarget: ({ url = '' }) => url,
  start: async (options, { routes }) => {
    class AppModule {}
    class HealthController {
      get() {
        return 'healthy';
      }
    }
    Get('health')(HealthController.prototype, 'get', descriptorOf(HealthController.prototype, 'get'));
    Controller()(HealthController);
    const imports = [CpgModule.forRoot(options), CpgModule.forRoot({ ...options, routes })];
    Module({ imports, controllers: [HealthController] })(AppModule);
    return start(await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false }));
  },
});
