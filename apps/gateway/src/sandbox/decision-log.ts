import type { DecisionTrace, Logger } from '@cpg/server-middleware';

/** A decision as the console shows it. */
export interface LoggedDecision extends DecisionTrace {
  /** ISO-8601. */
  readonly at: string;
  /** The likely cause of an invalid signature. */
  explanation: string | null;
}

const MAX_DECISIONS = 50;

/** The latest authentication decisions, newest first, with explanations of invalid signatures. In memory. */
export class DecisionLog {
  readonly #clock: () => number;
  #decisions: readonly LoggedDecision[] = [];

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  get decisions(): readonly LoggedDecision[] {
    return this.#decisions;
  }

  readonly add = (trace: DecisionTrace): void => {
    const decision = { ...trace, at: new Date(this.#clock()).toISOString(), explanation: null };
    this.#decisions = [decision, ...this.#decisions].slice(0, MAX_DECISIONS);
  };

  /** Wraps a logger to record explanations, which the middleware logs after its response. */
  wrapLogger(logger: Logger): Logger {
    return {
      error: (fields, message) => logger.error(fields, message),
      warn: (fields, message) => {
        logger.warn(fields, message);
        if (fields.code === 'invalid_signature') this.#explain(fields.keyId, message);
      },
    };
  }

  #explain(keyId: unknown, message: string): void {
    const rejected = this.#decisions.find(
      (decision) =>
        decision.keyId === keyId && decision.outcome === 'invalid_signature' && decision.explanation === null,
    );
    if (rejected !== undefined) rejected.explanation = message;
  }
}
