import type { ServerResponse } from 'node:http';
import { REJECTIONS } from '@cpg/protocol';
import { type ExceptionFilter, NotFoundException } from '@nestjs/common';
import { RejectionError } from '../errors.ts';
import * as service from '../service/index.ts';

/** A response of Express, or of Fastify, which wraps it. */
type NestResponse = ServerResponse & { readonly raw?: ServerResponse; hijack?(): void };

/** Responds to errors in the envelope, and logs 5xx. */
export const createFilter = ({ logger }: service.RoutesOptions): ExceptionFilter => {
  const errorLog = new service.ErrorLog(logger);
  return {
    catch: (error, host) => {
      if (host.getType() !== 'http') throw error;
      const reply = host.switchToHttp().getResponse<NestResponse>();
      const { raw: response = reply } = reply;
      reply.hijack?.();
      const isUnknown = error instanceof NotFoundException; // thrown by Nest's router
      if (isUnknown) service.getRecorder(response)?.rejected(REJECTIONS.not_found, 'routing');
      const thrown = isUnknown ? new RejectionError(REJECTIONS.not_found) : error;
      service.sendResponse(response, errorLog.formatError(thrown));
    },
  };
};
