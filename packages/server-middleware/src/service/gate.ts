import cluster from 'node:cluster';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRejection, type Rejection } from '@cpg/protocol';
import type { AdmissionStore } from '../admission/admission-store.ts';
import {
  AUTHENTICATE_RULES,
  type AuthenticateOptions,
  assertUsableOptions,
  authenticate,
} from '../authenticate/authenticate.ts';
import type { Principal, RequestToAuthenticate } from '../authenticate/request.ts';
import { helpFor } from '../errors.ts';
import { ErrorLog } from '../http/error-log.ts';
import { readBody } from '../http/read-body.ts';
import { formatRejection, type HttpResponse } from '../http/responses.ts';
import { recordResponse } from '../observability/response-event.ts';
import { aBoolean, type OptionRules, optional } from '../options.ts';
import { guardLogger, type Logger } from '../user-code.ts';
import { readJsonBody } from './json-body.ts';

/** The options that `cpgAuth` takes in every framework. */
export interface CpgAuthOptions extends AuthenticateOptions {
  /**
   * Parse the body as JSON; a malformed one is rejected with 400 before the next handler runs. `false` leaves the parsed body
   * alone, for routes with other bodies; `routes` parses for its endpoints itself. @default true
   */
  readonly json?: boolean | undefined;
}

/** The rules for the options of `cpgAuth`. */
export const GATE_RULES: OptionRules<CpgAuthOptions> = { ...AUTHENTICATE_RULES, json: optional(aBoolean) };

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
export class Gate<Options extends CpgAuthOptions = CpgAuthOptions> {
  readonly errorLog: ErrorLog;
  readonly #options: Options;

  /** @throws ServerMiddlewareError `invalid_option` */
  constructor(options: Options, rules: OptionRules<Options> = GATE_RULES as OptionRules<Options>) {
    assertUsableOptions(options, 'cpgAuth', rules);
    this.errorLog = new ErrorLog(options.logger);
    this.#options = options;
    warnAboutSplitMemory(options.store, options.logger);
  }

  /**
   * Takes the request as received, and the framework's object for it. Never rejects: a wrong set-up is logged, and the response
   * is 500.
   */
  async admit(request: RequestToAuthenticate, http: object): Promise<AdmittedRequest | HttpResponse> {
    try {
      const outcome = await authenticate(request, this.#options);
      if (isRejection(outcome)) return formatRejection(outcome);
      const { principal: cpg, body: rawBody } = outcome;
      if (this.#options.json === false) return { cpg, rawBody };
      const { method, target } = request;
      const json = readJsonBody({ method, target, cpg, rawBody });
      if (isRejection(json)) return formatRejection(json);
      if (json.malformed !== undefined) malformedBodies.set(http, json.malformed);
      return { cpg, rawBody, json };
    } catch (error) {
      return this.errorLog.formatError(error);
    }
  }
}

/** Describes a request of `node:http`, of which every framework on Node.js has one. */
export const describeNodeRequest = (
  message: IncomingMessage,
  { target, clientIp, recorder }: Pick<RequestToAuthenticate, 'target' | 'clientIp' | 'recorder'>,
): RequestToAuthenticate => ({
  recorder,
  method: message.method as string,
  target,
  rawHeaders: message.rawHeaders,
  clientIp,
  readBody: (limits) => readBody(message, limits),
});

/** Describes a request of `node:http`, and starts recording its response. */
export const describeExchange = (
  message: IncomingMessage,
  response: ServerResponse,
  { target, clientIp }: Pick<RequestToAuthenticate, 'target' | 'clientIp'>,
): RequestToAuthenticate => {
  const recorder = recordResponse(response, () => ({
    method: message.method as string,
    target,
    clientIp: findClientIp(clientIp),
    requestId: message.headers['x-request-id'],
  }));
  return describeNodeRequest(message, { target, clientIp, recorder });
};

/** The client's address for a record; a function of the caller may throw, which `admit` reports for keys with a whitelist. */
export const findClientIp = (getClientIp: () => string | undefined): string | undefined => {
  try {
    return getClientIp();
  } catch {
    return undefined;
  }
};

/** Whether `admit` returned a response, which rejects the request. */
export const isResponse = (outcome: AdmittedRequest | HttpResponse): outcome is HttpResponse =>
  !('cpg' in outcome);

// Set by pm2 for each of its instances.
const INSTANCE_VARIABLES = ['NODE_APP_INSTANCE', 'pm_id'];

/** Warns, once at start, if one of several processes has a memory store: each would admit a signature once. */
export const warnAboutSplitMemory = (store: AdmissionStore, logger?: Logger): void => {
  const isOneOfSeveral =
    cluster.isWorker || INSTANCE_VARIABLES.some((name) => process.env[name] !== undefined);
  if (store.isPerProcess !== true || !isOneOfSeveral) return;
  const code = 'memory_store_in_cluster';
  guardLogger(logger).warn(
    { code, help: helpFor(code) },
    'memoryStore is used in one of several processes: each admits a signature once, and counts its own rate. Fix: share one store, redisStore(client).',
  );
};
