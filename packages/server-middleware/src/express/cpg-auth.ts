import { isRejection } from '@cpg/protocol';
import type { Request, RequestHandler } from 'express';
import { sendRejection } from '../answers/send-rejection.ts';
import { authenticate } from '../authentication/authenticate.ts';
import {
  AUTHENTICATE_RULES,
  type AuthenticateOptions,
  assertUsableOptions,
} from '../authentication/authenticate-options.ts';
import { readBody } from '../body/read-body.ts';
import { FaultLog } from '../fault-log.ts';
import { aBoolean, type OptionRules, optional } from '../options.ts';
import { answerError } from './answer-error.ts';
import { assertMounting, assertTrustedProxy } from './assert-mounting.ts';
import { setJsonBody } from './json-body.ts';
import { warnOfSplitMemory } from './warn-of-split-memory.ts';
import './augment-request.ts';

export interface CpgAuthOptions extends AuthenticateOptions {
  /**
   * Parse the body as JSON into `req.body`; a malformed one is rejected with 400 before the next handler runs. `false`
   * leaves `req.body` alone, for routes with other bodies; `routes` parses for its endpoints itself. @default true
   */
  readonly json?: boolean | undefined;
}

const RULES: OptionRules<CpgAuthOptions> = { ...AUTHENTICATE_RULES, json: optional(aBoolean) };

/**
 * Express middleware (4 and 5) that lets through only authenticated, fresh, single-use requests within their limits:
 * `app.use('/v1', cpgAuth({ keys, store }))`, before any body parser. Sets `req.cpg`, `req.rawBody` and `req.body`; answers
 * everything else itself, in the envelope. Contract §1–3.
 *
 * @throws ServerMiddlewareError `invalid_option`; on a request a wrong set-up is logged by name, and answered 500.
 */
export const cpgAuth = (options: CpgAuthOptions): RequestHandler => {
  assertUsableOptions(options, 'cpgAuth', RULES);
  const faults = new FaultLog(options.logger);
  warnOfSplitMemory(options.store, options.logger);
  return async (request, response, next) => {
    try {
      assertMounting(request, options.keys);
      const outcome = await authenticate(describe(request), options);
      if (isRejection(outcome)) {
        sendRejection(response, outcome);
        return;
      }
      request.cpg = outcome.principal;
      request.rawBody = outcome.body;
      const rejection = (options.json ?? true) ? setJsonBody(request) : undefined;
      if (rejection !== undefined) {
        sendRejection(response, rejection);
        return;
      }
    } catch (error) {
      answerError(error, response, faults);
      return;
    }
    next();
  };
};

// The original target only: a mounted router shortens req.url, and req.query is a reading of it.
const describe = (request: Request) => ({
  method: request.method,
  target: request.originalUrl,
  rawHeaders: request.rawHeaders,
  clientIp: () => {
    assertTrustedProxy(request);
    return request.ip;
  },
  readBody: (limits: Parameters<typeof readBody>[1]) => readBody(request, limits),
});
