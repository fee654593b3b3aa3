import { aFunction, type OptionRules, optional } from '../options.ts';
import { callHook } from '../user-code.ts';

/** Functions of the caller that decide about a request, which they get as the framework has it. */
export interface HookOptions<Http> {
  /**
   * Returns the request target that the client signed, where a proxy has changed it in another way than `basePath` describes:
   * `(req) => req.originalUrl.replace(/^\/internal/, '')`. Derive it from the URL, or from a header that the proxy always
   * replaces. If it throws, or returns no string, the response is 500. @default the received target
   */
  readonly originalTarget?: ((request: Http) => string) | undefined;
  /**
   * Returns `true` for requests that pass without authentication, such as health checks: they have no `req.cpg`, so
   * `requirePermission` and `routes` reject them. If it throws, or returns a promise, the response is 500. @default none
   */
  readonly skip?: ((request: Http) => boolean) | undefined;
}

/** The rules for {@link HookOptions}. */
export const HOOK_RULES: OptionRules<HookOptions<never>> = {
  originalTarget: optional(aFunction),
  skip: optional(aFunction),
};

/** @throws ServerMiddlewareError `hook_failed` */
export const isSkipped = <Http>(request: Http, { skip }: HookOptions<Http>): boolean =>
  skip !== undefined &&
  callHook({
    name: 'skip',
    call: () => skip(request) || false,
    expected: 'true or false',
    isExpected: (result) => typeof result === 'boolean',
  });

/** @throws ServerMiddlewareError `hook_failed` */
export const findOriginalTarget = <Http>(
  request: Http,
  { originalTarget }: HookOptions<Http>,
): string | undefined =>
  originalTarget &&
  callHook({
    name: 'originalTarget',
    call: () => originalTarget(request),
    expected: 'the request target that the client signed, a string',
    isExpected: (result) => typeof result === 'string',
  });
