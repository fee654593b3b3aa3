import type { VectorSubject, Verification } from '../adapter/adapter.ts';
import type { Checker } from '../core/checker.ts';
import type { Masker } from '../core/masker.ts';
import type { Randomness } from '../core/run-settings.ts';

/** The context of a case of layer 1. */
export interface VectorContext {
  readonly check: Checker;
  readonly subject: VectorSubject;
  readonly random: Randomness;
  readonly masker: Masker;
}

interface Verdict {
  readonly accepted: boolean;
  readonly status?: number;
  readonly message?: string;
}

/** Expects the same decision, and the same status and message where the verifier reports them. */
export const expectVerdict = (check: Checker, expected: Verdict, actual: Verification): void => {
  check.equal('accepted', { expected: expected.accepted, actual: actual.accepted });
  if (expected.accepted) return;
  const { status, message } = actual;
  if (status !== undefined) check.equal('status', { expected: expected.status, actual: status });
  if (message !== undefined) check.equal('message', { expected: expected.message, actual: message });
};
