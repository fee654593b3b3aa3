import { REJECTIONS } from '@cpg/protocol';
import type { Request, RequestHandler, Response } from 'express';
import { type RateLimitInfo, rateLimit, type Store } from 'express-rate-limit';
import { isErrorReply, redisFailure } from '../admission/redis/redis-error.ts';
import { ErrorLog } from '../http/error-log.ts';
import { sendRejection } from '../http/responses.ts';
import { describeCauses } from '../muting.ts';
import {
  aLogger,
  assertOptions,
  type OptionRules,
  optional,
  positiveInteger,
  timerMs,
  withMethods,
} from '../options.ts';
import { callStore, guardLogger, type Logger } from '../user-code.ts';
import { sendError } from './error-handler.ts';
import { recordExpress } from './observe-responses.ts';
import { assertTrustProxy } from './trust-proxy.ts';

export interface IpBackstopOptions {
  /** Maximum of requests per client address and minute; then 429. @default 600 */
  readonly limitPerMinute?: number | undefined;
  /** A store of express-rate-limit; for several processes e.g. `new RedisStore(…)` of rate-limit-redis. @default memory */
  readonly store?: Store | undefined;
  /** Milliseconds for that store; then 503. @default 1000 */
  readonly storeTimeoutMs?: number | undefined;
  /** Logs failures of the store, and set-up problems that express-rate-limit finds. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

const WINDOW_MS = 60_000;
const LIMITED = Symbol('limited');
const STORE_NAME = 'The ipBackstop store';
// The commands in the scripts of rate-limit-redis.
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
 * Limits requests per client address, before authentication; mount it first: `app.use(ipBackstop())`. Behind a proxy set
 * `trust proxy`, or all clients share the proxy's address. Only the 429 has `Retry-After` and `X-RateLimit-*`. When the
 * store fails or hangs, the response is 503. Wire protocol §2, restriction 0.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const ipBackstop = (options: IpBackstopOptions = {}): RequestHandler => {
  assertOptions({ owner: 'ipBackstop', options, rules: RULES });
  const { limitPerMinute = 600, store, storeTimeoutMs = 1_000 } = options;
  const logger = guardLogger(options.logger);
  const errorLog = new ErrorLog(logger);
  const limiter = rateLimit({
    windowMs: WINDOW_MS,
    limit: limitPerMinute,
    // Set below: the library would set them on every response.
    legacyHeaders: false,
    standardHeaders: false,
    requestPropertyName: 'cpgIpBackstop',
    ...(store === undefined ? {} : { store }),
    // Checked below, for every way to write the setting.
    validate: { trustProxy: false },
    logger: { warn: report(logger, 'warn'), error: report(logger, 'error') },
    handler: (_request, _response, next) => next(LIMITED),
  });
  const isLimited = (request: Request, response: Response) =>
    new Promise<boolean>((resolve, reject) => {
      limiter(request, response, (outcome?: unknown) => {
        if (outcome === undefined || outcome === LIMITED) resolve(outcome === LIMITED);
        else
          reject(
            isErrorReply(outcome)
              ? redisFailure(outcome, { what: STORE_NAME, rights: REDIS_RIGHTS })
              : outcome,
          );
      });
    });
  return async function ipBackstop(request, response, next) {
    recordExpress(request, response);
    warnOfTrustProxy(request, errorLog);
    try {
      if (
        await callStore({
          name: STORE_NAME,
          timeoutMs: storeTimeoutMs,
          call: () => isLimited(request, response),
        })
      ) {
        rejectClient(request, response);
        return;
      }
    } catch (error) {
      sendError(error, response, errorLog);
      return;
    }
    next();
  };
};

/** Logs once, and continues: an outage would be worse than a limit that clients can evade. */
const warnOfTrustProxy = (request: Request, errorLog: ErrorLog): void => {
  try {
    assertTrustProxy(request.app, 'ipBackstop limits requests by client address');
  } catch (error) {
    errorLog.log(error);
  }
};

// express-rate-limit passes an error and a text; pino takes the fields first.
const report = (logger: Logger, level: 'warn' | 'error') => (error: unknown, text?: string) =>
  logger[level](
    { err: error },
    [text, describeCauses(error)].filter((part) => part !== undefined).join(': '),
  );

const rejectClient = (request: Request, response: Response): void => {
  const { cpgIpBackstop } = request as unknown as { readonly cpgIpBackstop: RateLimitInfo };
  const { limit, remaining, resetTime } = cpgIpBackstop;
  const resetMs = resetTime?.getTime() ?? Date.now() + WINDOW_MS;
  response.setHeader('Retry-After', Math.max(1, Math.ceil((resetMs - Date.now()) / 1000)));
  response.setHeader('X-RateLimit-Limit', limit);
  response.setHeader('X-RateLimit-Remaining', remaining);
  response.setHeader('X-RateLimit-Reset', Math.ceil(resetMs / 1000));
  sendRejection(response, REJECTIONS.too_many_requests_from_ip);
};
