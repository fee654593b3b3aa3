import { assertNotOver, scaleDeadline } from '../core/case-scope.ts';
import { CaseFailure, ImplementationFailure, NotApplicable } from '../core/checker.ts';
import { REJECTIONS } from '../core/rejections.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const HOOK_TIMEOUT_MS = 5_000;

const getCauseMessage = (error: unknown): string => {
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
};

/**
 * Sets a test hook of a server in sandbox mode. Throws an error that names the URL when the server does not
 * accept it.
 */
const putSwitch = async (
  url: string,
  setting: Readonly<Record<string, unknown>>,
  what: string,
): Promise<void> => {
  const request = {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(setting),
    signal: AbortSignal.timeout(scaleDeadline(HOOK_TIMEOUT_MS)),
  };
  const response = await fetch(url, request).catch((error: unknown) => {
    throw new ImplementationFailure(
      `the server's ${what} cannot be reached at ${url}: ${getCauseMessage(error)}`,
      { what: `${what} of the server`, expected: 'a 2xx response' },
    );
  });
  // The body may be endless, and says nothing.
  await response.body?.cancel();
  if (!response.ok)
    throw new ImplementationFailure(
      `the server's ${what} could not be set: ${url} responded with ${response.status}`,
      { what: `${what} of the server`, expected: 'a 2xx response' },
    );
};

/**
 * The movable clock of a server in sandbox mode: GET and PUT on its URL respond with `{"now": …, "frozen":
 * …}`.
 */
export class SandboxClock {
  readonly #url: string;
  #last = 0;

  constructor(url: string) {
    this.#url = url;
  }

  /** Freezes the server's clock at a Unix second. */
  async freeze(now: number): Promise<void> {
    assertNotOver();
    this.#last = Math.max(this.#last, now);
    await this.#put(now);
  }

  /** Sets the server's clock back to real time. */
  async release(): Promise<void> {
    await this.#put(null);
  }

  /** The first second of an unused minute, at least 15 minutes after the last one. */
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
  'Was the server restarted for this run, with an empty store? Requests and signatures of an earlier run in these minutes still count.';

/** Adds a hint: after an earlier run on the same server, it seems to count or remember too much. */
const withHint = (error: unknown): unknown => {
  if (!(error instanceof CaseFailure)) return error;
  const { diff, severity } = error;
  const isUnexpected = [REJECTIONS.rateLimit, REJECTIONS.alreadyUsed].some(
    ({ message }) => diff.actual.includes(message) && !diff.expected.includes(message),
  );
  return isUnexpected ? new CaseFailure({ hint: HINT, ...diff }, severity) : error;
};

/** Runs the body, then resets a test hook in any case. A failure of the body precedes one of the reset. */
const withReset = async (body: () => Promise<void>, reset: () => Promise<void>): Promise<void> => {
  try {
    await body();
  } catch (error) {
    await reset().catch(() => undefined);
    throw error;
  }
  await reset();
};

/**
 * Freezes the server's clock in an unused minute while the body runs, and releases it afterwards in any case.
 */
export const withFrozenClock = async (
  { target }: ServerUnderTest,
  body: (clock: SandboxClock, now: number) => Promise<void>,
): Promise<void> => {
  if (target.clock === undefined) throw new NotApplicable('needs: clock');
  const { clock } = target;
  const now = clock.nextMinute();
  const play = async (): Promise<void> => {
    await clock.freeze(now);
    await body(clock, now);
  };
  await withReset(play, () => clock.release()).catch((error: unknown) => {
    throw withHint(error);
  });
};

/** The state of an admission store: working, failing every call, or never responding. */
export type StoreState = 'up' | 'down' | 'silent';

/** The admission store of a server in sandbox mode: a URL that accepts `PUT {"state": …}`. */
export class SandboxStore {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async set(state: StoreState): Promise<void> {
    await putSwitch(this.#url, { state }, 'admission store');
  }
}

/**
 * Makes the server's admission store unavailable while the body runs, and restores it afterwards in any case.
 */
export const withStore = async (
  { target }: ServerUnderTest,
  state: Exclude<StoreState, 'up'>,
  body: () => Promise<void>,
): Promise<void> => {
  if (target.store === undefined) throw new NotApplicable('needs: store');
  const { store } = target;
  const play = async (): Promise<void> => {
    assertNotOver();
    await store.set(state);
    await body();
  };
  await withReset(play, () => store.set('up'));
};
