import { channel } from 'node:diagnostics_channel';
import { isRejection, type Rejection } from '@cpg/protocol';
import { callObserver, guardLogger, guardSubscribers } from '../user-code.ts';
import { type AuthenticateOptions, assertUsableOptions } from './authenticate-options.ts';
import type { AuthenticatedRequest, RequestToAuthenticate } from './authenticated-request.ts';
import { DecisionRecorder, type DecisionTrace } from './decision-recorder.ts';
import { runChecks } from './run-checks.ts';

/** The name of the `node:diagnostics_channel` on which every {@link DecisionTrace} is published. */
export const DECISION_CHANNEL = 'cpg.server-middleware.decision';

const decisions = channel(DECISION_CHANNEL);
guardSubscribers(decisions);

/**
 * Authenticates one request: the checks of contract §2.1 in their order, from the headers to the admission. Returns who
 * sent it, or the rejection of the first check that fails; only what this returns as authenticated was admitted.
 *
 * @throws ServerMiddlewareError for a wrong set-up (500), or a store that is down or late (503); `rejectionOf(error)`
 * is the answer.
 */
export const authenticate = async (
  request: RequestToAuthenticate,
  options: AuthenticateOptions,
): Promise<AuthenticatedRequest | Rejection> => {
  assertUsableOptions(options);
  const isObserved = options.trace !== undefined || decisions.hasSubscribers;
  if (!isObserved) return runChecks({ request, options, recorder: undefined });
  const recorder = new DecisionRecorder(request);
  const report = (trace: DecisionTrace) => {
    const { trace: callback, logger } = options;
    if (callback !== undefined) {
      callObserver({ name: 'trace', callback, logger: guardLogger(logger) }, () => callback(trace));
    }
    decisions.publish(trace);
  };
  let outcome: AuthenticatedRequest | Rejection;
  try {
    outcome = await runChecks({ request, options, recorder });
  } catch (error) {
    report(recorder.finish('error', error));
    throw error;
  }
  report(recorder.finish(isRejection(outcome) ? outcome : 'authenticated'));
  return outcome;
};
