import { isRejection, parseRequestTarget, REJECTIONS, type Rejection } from '@cpg/protocol';
import type { AdmissionStore } from '../admission/admission-store.ts';
import { authenticate, cannotCountRoutes } from '../authenticate/authenticate.ts';
import {
  AUTHENTICATE_RULES,
  type AuthenticateOptions,
  assertUsableOptions,
  DEFAULT_BODY_LIMIT,
  DEFAULT_MAX_PENDING_BYTES,
} from '../authenticate/authenticate-options.ts';
import type { Principal, RequestToAuthenticate } from '../authenticate/request.ts';
import { helpFor } from '../errors.ts';
import { toBuffer } from '../http/body-collector.ts';
import { ErrorLog } from '../http/error-log.ts';
import { formatRejection, type HttpResponse } from '../http/responses.ts';
import { aBoolean, assertValue, type OptionRule, type OptionRules, optional } from '../options.ts';
import { guardLogger, type Logger } from '../user-code.ts';
import { type Admitted, assertSameAdmission, findAdmitted, rememberAdmitted } from './admitted.ts';
import { findOriginalTarget, type HookOptions, isSkipped } from './hooks.ts';
import { readJsonBody } from './json-body.ts';
import {
  aKnownRouteList,
  createKnownRoutes,
  type FindKnownRoutes,
  findKnownRow,
  type KnownRoute,
} from './route-table.ts';

/** The options that `cpgAuth` takes in every framework. */
export interface CpgAuthOptions extends AuthenticateOptions {
  /**
   * Parse the body as JSON; a malformed one is rejected with 400 before the next handler runs. `false` leaves the parsed body
   * alone, for routes with other bodies; `routes` parses for its endpoints itself. @default true
   */
  readonly json?: boolean | undefined;
  /**
   * The list of `routes(list)`, or `{ method, path }` of other handlers: their limits apply, and a malformed JSON body is
   * rejected after the permission. @default the endpoints of the protocol, without limits of their own
   */
  readonly routes?: readonly KnownRoute[] | undefined;
  /**
   * The start of the path that a proxy in front strips, such as `/api`: clients sign `/api/v1/balances`, and the service gets
   * `/v1/balances`. @default none
   */
  readonly basePath?: string | undefined;
}

const aBasePath: OptionRule = (value) =>
  typeof value === 'string' &&
  /[^/]$/.test(value) &&
  !/[?]/.test(value) &&
  !isRejection(parseRequestTarget(value))
    ? undefined
    : 'be the start of a path such as /api, without a slash at its end';

/** The rules for the options of `cpgAuth`. */
export const GATE_RULES: OptionRules<CpgAuthOptions> = {
  ...AUTHENTICATE_RULES,
  json: optional(aBoolean),
  routes: optional(aKnownRouteList),
  basePath: optional(aBasePath),
};

/** What an adapter puts on the request of its framework. */
export interface AdmittedRequest {
  readonly cpg: Principal;
  /** The body bytes that were signed. */
  readonly rawBody: Buffer;
  /** The parsed body; missing with `json: false`. */
  readonly json?: { readonly value: unknown };
}

const malformedBodies = new WeakMap<object, Rejection>();

/** Returns the 400 for a malformed body that `cpgAuth` did not reject at once. Wire protocol §2.1. */
export const findMalformedBody = (http: object): Rejection | undefined => malformedBodies.get(http);

/** The framework-free part of `cpgAuth`: admits a request, or returns the response that rejects it. Adapters only translate. */
export class Gate<Options extends CpgAuthOptions & HookOptions<never>> {
  readonly errorLog: ErrorLog;
  readonly #options: Options;
  readonly #findKnown: FindKnownRoutes | undefined;

  /** @throws ServerMiddlewareError `invalid_option`, `duplicate_route` */
  constructor(options: Options, rules: OptionRules<Options> = GATE_RULES as OptionRules<Options>) {
    assertUsableOptions(options, 'cpgAuth', rules);
    this.errorLog = new ErrorLog(options.logger);
    this.#options = options;
    this.#findKnown = options.routes && createKnownRoutes(options.routes);
    assertLimits(options);
    assertOneTarget(options);
    warnAboutSplitMemory(options.store, options.logger);
  }

  /**
   * Takes the request as received, and the framework's object for it. Never rejects: a wrong set-up is logged, and the response
   * is 500.
   */
  async admit(received: RequestToAuthenticate, http: object): Promise<AdmittedRequest | HttpResponse> {
    try {
      const request = this.#addLimits(this.#addBasePath(received));
      const outcome = await authenticate(request, this.#options);
      if (isRejection(outcome)) return formatRejection(outcome);
      const { principal: cpg, body } = outcome;
      const rawBody = toBuffer(body);
      const isParsed = this.#options.json !== false;
      rememberAdmitted(http, this.#describeAdmitted(request, { cpg, rawBody, isParsed }));
      return isParsed ? this.#parse(request, { cpg, rawBody, http }) : { cpg, rawBody };
    } catch (error) {
      return this.errorLog.formatError(error);
    }
  }

  /**
   * Does all that an adapter needs: returns `undefined` for a request that `skip` lets pass, or that another `cpgAuth` has
   * admitted; and asks `originalTarget`. `http` is what these functions get.
   */
  async enter<Http extends object>(
    received: RequestToAuthenticate,
    http: Http,
  ): Promise<AdmittedRequest | HttpResponse | undefined> {
    const hooks = this.#options as HookOptions<Http>;
    try {
      if (isSkipped(http, hooks)) return undefined;
      const signedTarget = findOriginalTarget(http, hooks);
      const request = signedTarget === undefined ? received : { ...received, signedTarget };
      return await this.admitOnce(request, http);
    } catch (error) {
      return this.errorLog.formatError(error);
    }
  }

  /**
   * Returns a request that another `cpgAuth` has admitted; `undefined` for any other. It is not counted again. The JSON is missing
   * when it was parsed before. Stricter limits of the body apply; another difference is an error.
   */
  admitAgain(received: RequestToAuthenticate, http: object): AdmittedRequest | HttpResponse | undefined {
    const first = findAdmitted(http);
    if (first === undefined) return undefined;
    try {
      const request = this.#addLimits(this.#addBasePath(received));
      assertSameAdmission(first, this.#describeAdmitted(request, first));
      const { cpg, rawBody, isParsed } = first;
      const { bodyLimit = DEFAULT_BODY_LIMIT, json } = this.#options;
      if (rawBody.length > (request.limits?.bodyLimit ?? bodyLimit)) {
        return formatRejection(REJECTIONS.body_too_large);
      }
      const limits = request.limits ?? first.limits;
      rememberAdmitted(http, { ...first, limits, isParsed: isParsed || json !== false });
      if (isParsed || json === false) return { cpg, rawBody };
      return this.#parse(request, { cpg, rawBody, http });
    } catch (error) {
      return this.errorLog.formatError(error);
    }
  }

  /**
   * Admits a request once, however many `cpgAuth` it passes; `undefined` when an earlier one has set everything. For frameworks
   * with one object for each request.
   */
  async admitOnce(
    request: RequestToAuthenticate,
    http: object,
  ): Promise<AdmittedRequest | HttpResponse | undefined> {
    const again = this.admitAgain(request, http);
    if (again === undefined) return this.admit(request, http);
    return isResponse(again) || again.json !== undefined ? again : undefined;
  }

  #addBasePath(request: RequestToAuthenticate): RequestToAuthenticate {
    const { basePath } = this.#options;
    return basePath === undefined ? request : { ...request, signedTarget: basePath + request.target };
  }

  #addLimits(request: RequestToAuthenticate): RequestToAuthenticate {
    const limits =
      this.#findKnown && findKnownRow(this.#findKnown(getPaths(request)), request.method)?.limits;
    return limits === undefined ? request : { ...request, limits };
  }

  #describeAdmitted(
    { method, target, signedTarget = target, limits }: RequestToAuthenticate,
    { cpg, rawBody, isParsed }: Pick<Admitted, 'cpg' | 'rawBody' | 'isParsed'>,
  ): Admitted {
    const { keys, store } = this.#options;
    return { keys, store, method, target: signedTarget, limits, cpg, rawBody, isParsed };
  }

  #parse(
    request: RequestToAuthenticate,
    { cpg, rawBody, http }: AdmittedRequest & { readonly http: object },
  ): AdmittedRequest | HttpResponse {
    const { method } = request;
    const json = readJsonBody({
      method,
      getPaths: () => getPaths(request),
      cpg,
      rawBody,
      findKnown: this.#findKnown,
    });
    if (isRejection(json)) return formatRejection(json);
    if (json.malformed !== undefined) malformedBodies.set(http, json.malformed);
    return { cpg, rawBody, json };
  }
}

/** @throws ServerMiddlewareError `invalid_option` */
const assertOneTarget = ({ basePath, originalTarget }: CpgAuthOptions & HookOptions<never>): void =>
  assertValue({
    name: 'cpgAuth: originalTarget',
    value: originalTarget,
    rule: (value) =>
      value === undefined || basePath === undefined ? undefined : 'be left out with basePath',
  });

/** @throws ServerMiddlewareError `invalid_option` for limits that could not be kept. */
const assertLimits = ({ store, bodyLimit = 0, routes = [], maxPendingBytes }: CpgAuthOptions): void => {
  const limits = routes.map((route) => ('endpoint' in route ? route.limits : route));
  const hasRates = limits.some((limit) => limit?.rateLimitPerMinute !== undefined);
  if (hasRates && store.countsRoutes !== true) throw cannotCountRoutes();
  const largest = Math.max(bodyLimit, ...limits.map((limit) => limit?.bodyLimit ?? 0));
  assertValue({
    name: 'cpgAuth: maxPendingBytes',
    value: maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES,
    rule: (value) =>
      Number(value) < largest
        ? `be at least ${largest}, the largest bodyLimit of cpgAuth and its routes`
        : undefined,
  });
};

/** The path as signed, and, if a proxy changed it, as received. */
const getPaths = ({ target, signedTarget }: RequestToAuthenticate): string[] => {
  const received = target.split('?', 1) as [string];
  return signedTarget === undefined ? received : [signedTarget.split('?', 1)[0] as string, ...received];
};

/** Whether `admit` returned a response, which rejects the request. */
export const isResponse = (outcome: AdmittedRequest | HttpResponse): outcome is HttpResponse =>
  !('cpg' in outcome);

// Set by pm2 for each of its instances.
const INSTANCE_VARIABLES = ['NODE_APP_INSTANCE', 'pm_id'];

/** Warns, once at start, if one of several processes has a memory store: each would admit a signature once. */
export const warnAboutSplitMemory = (store: AdmissionStore, logger?: Logger): void => {
  // Workers of Cloudflare do not have this module.
  const cluster: unknown = process.getBuiltinModule('node:cluster');
  const isOneOfSeveral =
    Object(cluster).isWorker === true || INSTANCE_VARIABLES.some((name) => process.env[name] !== undefined);
  if (store.isPerProcess !== true || !isOneOfSeveral) return;
  const code = 'memory_store_in_cluster';
  guardLogger(logger).warn(
    { code, help: helpFor(code) },
    'memoryStore is used in one of several processes: each admits a signature once, and counts its own rate. Fix: share one store, redisStore(client).',
  );
};
