import { CpgError, type CpgErrorDetails } from './cpg-error.ts';

/**
 * A request that moves money or makes something was sent, and its reply was lost or unreadable: it may or may not have been
 * executed.
 * With an `idempotencyReference`, repeat the call with that reference to learn the outcome; without one, look before you
 * repeat. `cause` says how the reply was lost. Contract §6, rule 6.
 */
export class OutcomeUnknownError extends CpgError {
  override readonly name = 'OutcomeUnknownError';

  constructor(operation: string, details: CpgErrorDetails) {
    const reference = details.idempotencyReference;
    const cure =
      reference === undefined
        ? 'It had no idempotency reference: find out whether it was executed before you repeat it.'
        : `Repeat it with the same idempotency reference, ${JSON.stringify(reference)}, to learn the outcome.`;
    super(
      'outcome_unknown',
      `${operation}: no usable reply came back, and the call may have been executed. ${cure}`,
      {
        ...details,
        retryable: reference !== undefined,
      },
    );
  }
}
