import { NotApplicable } from '../core/checker.ts';
import { putSwitch } from './sandbox-switch.ts';
import type { ServerUnderTest } from './server-under-test.ts';

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
