import type { DecisionTrace, Logger } from '@cpg/server-middleware';

/** A decision as the page shows it. */
export interface LoggedDecision extends DecisionTrace {
  /** ISO-8601. */
  readonly at: string;
  /** The likely mistake behind an invalid signature. */
  explanation: string | null;
}

const KEPT = 50;

/** The last decisions of the authentication, newest first, each invalid signature with its explanation. Kept in memory. */
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
    this.#decisions = [decision, ...this.#decisions].slice(0, KEPT);
  };

  /** A logger that passes everything on, and keeps the explanations: the middleware writes them after its answer. */
  listen(logger: Logger): Logger {
    return {
      error: (fields, message) => logger.error(fields, message),
      warn: (fields, message) => {
        logger.warn(fields, message);
        if (fields.code === 'invalid_signature') this.#explain(fields.keyId, message);
      },
    };
  }

  #explain(keyId: unknown, message: string): void {
    const refused = this.#decisions.find(
      (decision) =>
        decision.keyId === keyId && decision.outcome === 'invalid_signature' && decision.explanation === null,
    );
    if (refused !== undefined) refused.explanation = message;
  }
}
