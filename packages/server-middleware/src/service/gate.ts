import cluster from 'node:cluster';
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
import { formatRejection, type HttpResponse } from '../http/responses.ts';
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
  /** The rejection of a malformed body that `requirePermission` sends after the permission. */
  readonly malformed?: Rejection | undefined;
}

/** The framework-free part of `cpgAuth`: admits a request, or returns the response that rejects it. Adapters only translate. */
export class Gate {
  readonly errorLog: ErrorLog;
  readonly #options: CpgAuthOptions;

  /** @throws ServerMiddlewareError `invalid_option` */
  constructor(options: CpgAuthOptions, owner = 'cpgAuth') {
    assertUsableOptions(options, owner, GATE_RULES);
    this.errorLog = new ErrorLog(options.logger);
    this.#options = options;
    warnAboutSplitMemory(options.store, options.logger);
  }

  /** Never rejects: a wrong set-up is logged, and the response is 500. */
  async admit(request: RequestToAuthenticate): Promise<AdmittedRequest | HttpResponse> {
    try {
      const outcome = await authenticate(request, this.#options);
      if (isRejection(outcome)) return formatRejection(outcome);
      const { principal: cpg, body: rawBody } = outcome;
      if (this.#options.json === false) return { cpg, rawBody };
      const { method, target } = request;
      const json = readJsonBody({ method, target, cpg, rawBody });
      return isRejection(json) ? formatRejection(json) : { cpg, rawBody, json, malformed: json.malformed };
    } catch (error) {
      return this.errorLog.formatError(error);
    }
  }
}

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
