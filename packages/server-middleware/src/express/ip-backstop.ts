import { REJECTIONS } from '@cpg/protocol';
import type { Request, RequestHandler, Response } from 'express';
import { type RateLimitInfo, rateLimit, type Store } from 'express-rate-limit';
import { isErrorReply, redisFailure } from '../admission/redis/redis-error.ts';
import { sendRejection } from '../http/responses.ts';
import {
  aLogger,
  assertOptions,
  type OptionRules,
  optional,
  positiveInteger,
  timerMs,
  withMethods,
} from '../options.ts';
import { askStore, describeThrown, guardLogger, type Logger } from '../user-code.ts';
import { answerError, FaultLog } from './error-handler.ts';

export interface IpBackstopOptions {
  /** Requests per client address and minute; one more is 429. @default 600 */
  readonly limitPerMinute?: number | undefined;
  /** A store of express-rate-limit, e.g. `new RedisStore(…)` of rate-limit-redis, for several processes. @default memory */
  readonly store?: Store | undefined;
  /** Milliseconds for that store; then 503. @default 1000 */
  readonly storeTimeoutMs?: number | undefined;
  /** Where a failing store, and what express-rate-limit finds amiss in the set-up, is logged. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

const WINDOW_MS = 60_000;
const LIMITED = Symbol('limited');
const WHAT = 'The ipBackstop store';
// What the scripts of rate-limit-redis call.
const REDIS_RIGHTS = '+evalsha +script|load +pttl +set +incr';

const RULES: OptionRules<IpBackstopOptions> = {
  limitPerMinute: optional(positiveInteger),
  store: optional(
    withMethods(
      ['increment', 'decrement', 'resetKey'],
      'a store of express-rate-limit, e.g. new RedisStore(…)',
    ),
  ),
  storeTimeoutMs: optional(timerMs),
  logger: optional(aLogger),
};

/**
 * Limits requests per client address, in front of authentication: `app.use(ipBackstop())`, first of all. Behind a proxy
 * set `trust proxy`, else all clients share the proxy's address. The 429 carries `Retry-After` and `X-RateLimit-*`; other
 * answers carry neither. A store that fails or hangs is answered 503. Contract §2, restriction 0.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const ipBackstop = (options: IpBackstopOptions = {}): RequestHandler => {
  assertOptions({ owner: 'ipBackstop', options, rules: RULES });
  const { limitPerMinute = 600, store, storeTimeoutMs = 1_000 } = options;
  const logger = guardLogger(options.logger);
  const faults = new FaultLog(logger);
  const limiter = rateLimit({
    windowMs: WINDOW_MS,
    limit: limitPerMinute,
    // Written below: the library would put them on every answer.
    legacyHeaders: false,
    standardHeaders: false,
    requestPropertyName: 'cpgIpBackstop',
    ...(store === undefined ? {} : { store }),
    logger: { warn: report(logger, 'warn'), error: report(logger, 'error') },
    handler: (_request, _response, next) => next(LIMITED),
  });
  const ask = (request: Request, response: Response) =>
    new Promise<boolean>((resolve, reject) => {
      limiter(request, response, (outcome?: unknown) => {
        if (outcome === undefined || outcome === LIMITED) resolve(outcome === LIMITED);
        else
          reject(
            isErrorReply(outcome) ? redisFailure(outcome, { what: WHAT, rights: REDIS_RIGHTS }) : outcome,
          );
      });
    });
  return async (request, response, next) => {
    try {
      if (await askStore({ what: WHAT, timeoutMs: storeTimeoutMs, ask: () => ask(request, response) })) {
        refuse(request, response);
        return;
      }
    } catch (error) {
      answerError(error, response, faults);
      return;
    }
    next();
  };
};

// express-rate-limit reports an error first, a text second; ours and pino's loggers want fields first.
const report = (logger: Logger, level: 'warn' | 'error') => (error: unknown, text?: string) =>
  logger[level]({ err: error }, text ?? describeThrown(error));

const refuse = (request: Request, response: Response): void => {
  const { cpgIpBackstop } = request as unknown as { readonly cpgIpBackstop: RateLimitInfo };
  const { limit, remaining, resetTime } = cpgIpBackstop;
  const resetMs = resetTime?.getTime() ?? Date.now() + WINDOW_MS;
  response.setHeader('Retry-After', Math.max(1, Math.ceil((resetMs - Date.now()) / 1000)));
  response.setHeader('X-RateLimit-Limit', limit);
  response.setHeader('X-RateLimit-Remaining', remaining);
  response.setHeader('X-RateLimit-Reset', Math.ceil(resetMs / 1000));
  sendRejection(response, REJECTIONS.too_many_requests_from_ip);
};
