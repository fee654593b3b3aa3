import { CaseFailure, NotApplicable } from '../core/checker.ts';
import { REJECTIONS } from '../core/rejections.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const getCauseMessage = (error: unknown): string => {
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
};

/** Sets a switch of a server in sandbox mode. Throws an error that names the URL when the server does not take it. */
export const putSwitch = async (
  url: string,
  setting: Readonly<Record<string, unknown>>,
  what: string,
): Promise<void> => {
  const request = {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(setting),
    signal: AbortSignal.timeout(5_000),
  };
  const response = await fetch(url, request).catch((error: unknown) => {
    throw new Error(`the server's ${what} cannot be reached at ${url}: ${getCauseMessage(error)}`, {
      cause: error,
    });
  });
  await response.arrayBuffer();
  if (!response.ok)
    throw new Error(`the server's ${what} could not be set: ${url} answered ${response.status}`);
};

/** The movable clock of a server in sandbox mode: a URL that answers GET and PUT with `{"now": …, "frozen": …}`. */
export class SandboxClock {
  readonly #url: string;
  #last = 0;

  constructor(url: string) {
    this.#url = url;
  }

  /** Stops the server's clock at a Unix second. */
  async freeze(now: number): Promise<void> {
    await this.#put(now);
  }

  /** Lets the server's clock run again, on real time. */
  async release(): Promise<void> {
    await this.#put(null);
  }

  /** The first second of a minute that no earlier case has touched, at least a quarter of an hour after it. */
  nextMinute(): number {
    const after = Math.max(this.#last, Math.floor(Date.now() / 1000)) + 900;
    this.#last = after - (after % 60) + 60;
    return this.#last;
  }

  async #put(now: number | null): Promise<void> {
    await putSwitch(this.#url, { now }, 'clock');
  }
}

const HINT =
  'Was the server started afresh for this run, on an empty store? What an earlier run has spent and used up in these minutes still counts.';

/** An earlier run on the same server looks like a server that counts or remembers too much. */
const withHint = (error: unknown): unknown => {
  if (!(error instanceof CaseFailure)) return error;
  const { diff, severity } = error;
  const isUnexpected = [REJECTIONS.rateLimit, REJECTIONS.alreadyUsed].some(
    ({ message }) => diff.actual.includes(message) && !diff.expected.includes(message),
  );
  return isUnexpected ? new CaseFailure({ hint: HINT, ...diff }, severity) : error;
};

/** Stops the server's clock in a minute of its own while the body runs, and lets it go afterwards, whatever happens. */
export const withFrozenClock = async (
  { target }: ServerUnderTest,
  body: (clock: SandboxClock, now: number) => Promise<void>,
): Promise<void> => {
  if (target.clock === undefined) throw new NotApplicable('needs: clock');
  const now = target.clock.nextMinute();
  await target.clock.freeze(now);
  try {
    await body(target.clock, now);
  } catch (error) {
    throw withHint(error);
  } finally {
    await target.clock.release();
  }
};

/** How an admission store fares: as it should, refusing every call, or never answering one. */
export type StoreState = 'up' | 'down' | 'silent';

/** The admission store of a server in sandbox mode: a URL that takes `PUT {"state": …}`. */
export class SandboxStore {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async set(state: StoreState): Promise<void> {
    await putSwitch(this.#url, { state }, 'admission store');
  }
}

/** Takes the server's admission store away while the body runs, and gives it back afterwards, whatever happens. */
export const withStore = async (
  { target }: ServerUnderTest,
  state: Exclude<StoreState, 'up'>,
  body: () => Promise<void>,
): Promise<void> => {
  if (target.store === undefined) throw new NotApplicable('needs: store');
  await target.store.set(state);
  try {
    await body();
  } finally {
    await target.store.set('up');
  }
};
