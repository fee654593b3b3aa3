import type { Request, RequestHandler, Response } from 'express';
import { type ResponseRecorder, recordResponse } from '../observability/response-event.ts';
import { aFunction, aLogger, assertOptions, type OptionRules, optional } from '../options.ts';
import { callObserver, guardLogger, type Logger } from '../user-code.ts';

export interface ObserveResponsesOptions {
  /**
   * Returns the id of a request, such as the one that a request logger gave it; anything but 1 to 128 of
   * `A-Z a-z 0-9 _ . : / + = @ -` is replaced by a new UUID. @default the header X-Request-Id
   */
  readonly requestId?: ((request: Request) => unknown) | undefined;
  /** Logs a failing `requestId`. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

const RULES: OptionRules<ObserveResponsesOptions> = {
  requestId: optional(aFunction),
  logger: optional(aLogger),
};

/**
 * Records every response of an app for {@link RESPONSE_CHANNEL}, also those of paths without `cpgAuth`; mount it first:
 * `app.use(observeResponses())`. Without it, recording starts at the first middleware of this package. Costs nothing
 * unless the channel has a subscriber.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const observeResponses = (options: ObserveResponsesOptions = {}): RequestHandler => {
  assertOptions({ owner: 'observeResponses', options, rules: RULES });
  const { requestId: callback = getRequestIdHeader } = options;
  const observer = { name: 'requestId', callback, logger: guardLogger(options.logger) };
  return function observeResponses(request, response, next) {
    recordExpress(request, response, () => {
      let id: unknown;
      callObserver(observer, () => {
        id = callback(request);
        return id;
      });
      return id;
    });
    next();
  };
};

const getRequestIdHeader = ({ headers }: Request): unknown => headers['x-request-id'];

/** Starts recording at the first middleware of this package that sees a request. */
export const recordExpress = (
  request: Request,
  response: Response,
  getRequestId: (request: Request) => unknown = getRequestIdHeader,
): ResponseRecorder | undefined =>
  recordResponse(response, () => ({
    method: request.method,
    target: request.originalUrl,
    clientIp: getClientIp(request),
    requestId: getRequestId(request),
    getRoute: () => getRoute(request),
  }));

const getClientIp = (request: Request): string | undefined => {
  try {
    return request.ip;
  } catch {
    // A `trust proxy` function of the app may throw; cpgAuth reports that for keys with a whitelist.
    return undefined;
  }
};

const getRoute = ({ route, baseUrl }: Request): string | undefined =>
  route === undefined ? undefined : `${baseUrl}${String((route as { readonly path: unknown }).path)}`;
