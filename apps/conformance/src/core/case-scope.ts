import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Pace } from './pace.ts';

/** Thrown by everything that a case does after its verdict: it must not affect the next case. */
export class CaseOver extends Error {
  override readonly name = 'CaseOver';

  constructor() {
    super('the case is over');
  }
}

interface Scope {
  /** Aborted when the case is over. */
  readonly signal: AbortSignal;
  readonly pace: Pace;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Runs a case, or the start of an implementation; what it opens is closed when the signal is aborted. */
export const runInScope = <Value>(scope: Scope, body: () => Promise<Value>): Promise<Value> =>
  scopes.run(scope, body);

/** Aborted when the running case is over; `undefined` outside a run. */
export const getCaseSignal = (): AbortSignal | undefined => scopes.getStore()?.signal;

/** Throws `CaseOver` when the running case is over. Called before everything that others can observe. */
export const assertNotOver = (): void => getCaseSignal()?.throwIfAborted();

/** Reports how long a response took, from which the deadlines of slow machines are computed. */
export const addLatency = (milliseconds: number): void => scopes.getStore()?.pace.add(milliseconds);

/** A deadline for this machine and implementation: at least `milliseconds`, more where everything is slow. */
export const scaleDeadline = (milliseconds: number): number =>
  Math.ceil(milliseconds * (scopes.getStore()?.pace.factor ?? 1));

/** The deadline of an ordinary response: shorter after some that never came. */
export const getPatience = (milliseconds: number): number =>
  Math.ceil(scopes.getStore()?.pace.getPatience(milliseconds) ?? milliseconds);

/** Waits. Rejects with `CaseOver` when the case ends in the meantime. */
export const pause = async (milliseconds: number): Promise<void> => {
  const signal = getCaseSignal();
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
};

/**
 * Reads what has arrived. Timers fire before that: after a time in which this process did not run, a deadline
 * would pass although the response is here.
 */
export const readArrived = async (): Promise<void> => {
  await setImmediate();
  await setImmediate();
};
