import { putSwitch } from './sandbox-switch.ts';

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
