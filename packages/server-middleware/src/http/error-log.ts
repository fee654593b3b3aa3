import { REJECTIONS, type Rejection } from '@cpg/protocol';
import { type ClientError, findClientError, getRejection, ServerMiddlewareError } from '../errors.ts';
import { describeCauses, Muting, withoutSecrets } from '../muting.ts';
import { guardLogger, type Logger } from '../user-code.ts';
import { formatClientError, formatRejection, type HttpResponse } from './responses.ts';

interface Classified {
  readonly rejection: Rejection;
  readonly clientError?: ClientError | undefined;
  readonly errorCode?: HttpResponse['errorCode'];
}

const classify = (error: unknown): Classified => {
  try {
    return {
      rejection: getRejection(error),
      clientError: findClientError(error),
      errorCode: ServerMiddlewareError.is(error) ? error.code : undefined,
    };
  } catch {
    // A thrown value may throw again when its properties are read.
    return { rejection: REJECTIONS.internal_server_error };
  }
};

const UNAVAILABLE_EVERY_MS = 1_000;
const SET_UP_EVERY_MS = 60_000;

/**
 * Logs server errors without flooding the log, with the text of every cause. A store that is down is logged once a second, a
 * wrong set-up once a minute, for each code and subject (key id, store, callback); any other error every time.
 */
export class ErrorLog {
  readonly #logger: Logger;
  readonly #muting = new Muting();

  constructor(logger?: Logger) {
    this.#logger = guardLogger(logger);
  }

  /** Returns the response to a thrown value, and logs the value if the status is 5xx. */
  formatError(error: unknown): HttpResponse {
    const { rejection, clientError, errorCode } = classify(error);
    if (rejection.status < 500) return formatRejection(rejection, clientError?.headers);
    if (clientError !== undefined) return formatClientError(clientError);
    this.log(error, rejection.status);
    return { ...formatRejection(rejection), errorCode };
  }

  log(error: unknown, status = 500): void {
    try {
      this.#log(error, status);
    } catch {
      // A thrown value may throw again when its properties are read.
      this.#logger.error({}, 'A handler threw a value that cannot be read.');
    }
  }

  #log(error: unknown, status: number): void {
    if (ServerMiddlewareError.is(error)) {
      const { code, help, subject } = error;
      const intervalMs = error.status === 503 ? UNAVAILABLE_EVERY_MS : SET_UP_EVERY_MS;
      this.#muting.log({ code, subject, intervalMs }, (more) =>
        this.#logger.error(
          { err: withoutSecrets(error), code, help, subject },
          `${describeCauses(error)}${more}`,
        ),
      );
      return;
    }
    const text = describeCauses(error);
    const message = error instanceof Error ? text : `A handler threw no Error: ${text}`;
    if (status !== 503) {
      this.#logger.error({ err: withoutSecrets(error) }, message);
      return;
    }
    // Another store that is down, such as the database of a handler.
    const { name, code } = error as NodeJS.ErrnoException;
    const line = { code: 'handler', subject: `${name} ${code}`, intervalMs: UNAVAILABLE_EVERY_MS };
    this.#muting.log(line, (more) => this.#logger.error({ err: withoutSecrets(error) }, `${message}${more}`));
  }
}
