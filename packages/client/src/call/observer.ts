import type { CpgErrorCode } from '../errors.ts';
import { FUNCTION, methods, notify, type OptionRules, oneOf, warn } from '../guards.ts';
import { readVariable } from '../platform.ts';
import type { TransportResponse } from '../transport/transport.ts';

/** What all events of a call have in common. */
interface CallEvent {
  /** The method of the client, e.g. `balances.list`. */
  readonly operation: string;
  /** The same for all attempts of a call, and unique in this process. */
  readonly callId: number;
  /** Counts from 1. */
  readonly attempt: number;
}

/** A request about to be sent, without its body and with a redacted signature. */
export interface RequestEvent extends CallEvent {
  readonly method: string;
  readonly url: string;
  /** Values of headers that usually are secrets are redacted. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
}

/** A complete response, whatever its status. */
export interface ResponseEvent extends CallEvent {
  readonly status: number;
  /** Header names are in lower case. */
  readonly headers: TransportResponse['headers'];
  readonly requestId: string | undefined;
  readonly durationMs: number;
}

/** An attempt that ended without a complete response. */
export interface NoResponseEvent extends CallEvent {
  /** Usually `connection_failed`, `timeout`, `deadline_exceeded` or `aborted`. */
  readonly code: CpgErrorCode;
  /** The message of the attempt's error. */
  readonly message: string;
  /** Whether the gateway may have received the request. */
  readonly maybeSent: boolean;
  readonly durationMs: number;
}

/** A failed attempt that will be retried. */
export interface RetryEvent extends CallEvent {
  readonly code: CpgErrorCode;
  readonly status: number | undefined;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
}

/**
 * Functions called during each call. An error thrown by a hook becomes a process warning and never affects
 * the call. Each `onRequest` is followed by one `onResponse` or `onNoResponse` of the same attempt.
 */
export interface Hooks {
  readonly onRequest?: ((event: RequestEvent) => void) | undefined;
  readonly onResponse?: ((event: ResponseEvent) => void) | undefined;
  readonly onNoResponse?: ((event: NoResponseEvent) => void) | undefined;
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}

/** Receives log lines: `console`, or the logger of a library with these methods. */
export interface Logger {
  debug(message: string, event: object): void;
  info(message: string, event: object): void;
  warn(message: string, event: object): void;
}

/** The least severe lines that are logged. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'off';

export interface LogOptions {
  /**
   * Receives a line for each request and response (`debug`), retry (`info`) and attempt without a response
   * (`warn`), with the event of the hook. Contains no secret, no signature and no body. Standard error by
   * default.
   */
  readonly logger?: Logger | undefined;
  /**
   * Defaults to the environment variable `CPG_LOG`, or else to `info` with a `logger` and to `off` without one.
   */
  readonly logLevel?: LogLevel | undefined;
}

const LEVELS = ['debug', 'info', 'warn', 'off'] as const;
const LEVEL = oneOf(...LEVELS);

/** Option rules of hooks and logs. */
export const OBSERVER_RULES: OptionRules<Hooks & LogOptions> = {
  onRequest: FUNCTION,
  onResponse: FUNCTION,
  onNoResponse: FUNCTION,
  onRetry: FUNCTION,
  logger: methods('debug', 'info', 'warn'),
  logLevel: LEVEL,
};

/** Calls the hooks and writes the log of a client. */
export class Observer {
  readonly #hooks: Hooks;
  readonly #logger: Logger;
  readonly #level: number;

  constructor(options: Hooks & LogOptions) {
    this.#hooks = options;
    this.#logger = options.logger ?? STANDARD_ERROR;
    const level = options.logLevel ?? readLevel() ?? (options.logger === undefined ? 'off' : 'info');
    this.#level = LEVELS.indexOf(level);
  }

  /** `describe` is called only if there is a hook or a log. */
  request(describe: () => RequestEvent): void {
    if (this.#hooks.onRequest === undefined && !this.#logs('debug')) return;
    const event = describe();
    notify('The onRequest hook of CpgClient', this.#hooks.onRequest, event);
    const { method, url, bodyBytes } = event;
    this.#log('debug', event, () => `${method} ${url}${bodyBytes === 0 ? '' : `, ${bodyBytes} bytes`}`);
  }

  /** `describe` is called only if there is a hook or a log. */
  response(describe: () => ResponseEvent): void {
    if (this.#hooks.onResponse === undefined && !this.#logs('debug')) return;
    const event = describe();
    notify('The onResponse hook of CpgClient', this.#hooks.onResponse, event);
    const { status, durationMs, requestId } = event;
    const id = requestId === undefined ? '' : `, request ${requestId}`;
    this.#log('debug', event, () => `${status} in ${durationMs} ms${id}`);
  }

  noResponse(event: NoResponseEvent): void {
    notify('The onNoResponse hook of CpgClient', this.#hooks.onNoResponse, event);
    const sent = event.maybeSent ? 'the request may have been sent' : 'nothing was sent';
    this.#log('warn', event, () => `${event.code} after ${event.durationMs} ms, ${sent}. ${event.message}`);
  }

  retry(event: RetryEvent): void {
    notify('The onRetry hook of CpgClient', this.#hooks.onRetry, event);
    const { code, status, delayMs } = event;
    const reason = status === undefined ? code : `${code} (${status})`;
    this.#log('info', event, () => `${reason}, next attempt in ${delayMs} ms`);
  }

  #logs(level: 'debug' | 'info' | 'warn'): boolean {
    return LEVELS.indexOf(level) >= this.#level;
  }

  #log(level: 'debug' | 'info' | 'warn', event: CallEvent, describe: () => string): void {
    if (!this.#logs(level)) return;
    const { operation, callId, attempt } = event;
    const line = `cpg ${operation} #${callId}.${attempt}: ${describe()}`;
    notify(
      `logger.${level}()`,
      (text: string, details: object) => this.#logger[level](text, details),
      line,
      event,
    );
  }
}

const print = (message: string): void => {
  // Not standard output, because the output of many programs is data.
  // biome-ignore lint/suspicious/noConsole: exists in every runtime
  console.error(message);
};

const STANDARD_ERROR: Logger = { debug: print, info: print, warn: print };

const readLevel = (): LogLevel | undefined => {
  const given = readVariable('CPG_LOG');
  if (given === undefined || given === '') return undefined;
  const level = LEVELS.find((each) => each === given.toLowerCase());
  // A log setting must not stop a program.
  if (level === undefined) warn('CPG_LOG', new Error(`expected ${LEVEL.expected}: got another text`));
  return level;
};
