import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { ClockState, LiveEventData, LoggedRequest } from './api.ts';
import { CURRENT, call } from './client.ts';

/** A value outside React that components can read. */
class Store<Value> {
  #value: Value;
  readonly #listeners = new Set<() => void>();

  constructor(value: Value) {
    this.#value = value;
  }

  readonly get = (): Value => this.#value;

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  set(value: Value): void {
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }
}

const useStore = <Value>(store: Store<Value>): Value => useSyncExternalStore(store.subscribe, store.get);

interface SyncedClock extends ClockState {
  /** When the state arrived, by the clock of this page. */
  readonly arrivedAt: number;
}

export type Connection = 'connecting' | 'open' | 'lost';

const MAX_REQUESTS = 10_000;

const clock = new Store<SyncedClock>({ now: Date.now(), frozen: false, arrivedAt: performance.now() });
const connection = new Store<Connection>('connecting');
const requests = new Store<readonly LoggedRequest[]>([]);

export const useConnection = (): Connection => useStore(connection);

/** The log of requests, newest first. */
export const useRequests = (): readonly LoggedRequest[] => useStore(requests);

const readClock = ({ now, frozen, arrivedAt }: SyncedClock): number =>
  frozen ? now : now + performance.now() - arrivedAt;

const SECOND_MS = 1_000;

/** The clock of the gateway in Unix milliseconds, updated every second, and whether it is frozen. */
export const useClock = (): ClockState => {
  const state = useStore(clock);
  const [, tick] = useState(0);
  useEffect(() => {
    if (state.frozen) return undefined;
    const timer = setInterval(() => tick((count) => count + 1), SECOND_MS);
    return () => clearInterval(timer);
  }, [state]);
  return { now: readClock(state), frozen: state.frozen };
};

const addRequests = (added: readonly LoggedRequest[]): void => {
  const known = requests.get();
  const lastId = known[0]?.id ?? 0;
  const newer = added.filter(({ id }) => id > lastId).reverse();
  if (newer.length > 0) requests.set([...newer, ...known].slice(0, MAX_REQUESTS));
};

const readRequests = async (): Promise<void> => {
  const rows = await call<readonly LoggedRequest[]>('GET', '/requests');
  requests.set([...rows].reverse());
};

const REFRESH_MS = 250;

/**
 * Follows the events of the gateway: log and clock come with them, everything else is read again when it changed. After a
 * lost connection everything is read again.
 */
export const useLiveUpdates = (): void => {
  const queries = useQueryClient();
  useEffect(() => {
    const source = new EventSource('/_sandbox/events');
    let refresh: ReturnType<typeof setTimeout> | undefined;
    const refreshSoon = () => {
      refresh ??= setTimeout(() => {
        refresh = undefined;
        void queries.invalidateQueries(CURRENT);
      }, REFRESH_MS);
    };
    const on = <Name extends keyof LiveEventData>(
      name: Name,
      handle: (data: LiveEventData[Name]) => void,
    ): void => source.addEventListener(name, (event) => handle(JSON.parse((event as MessageEvent).data)));
    const setClock = (state: ClockState) => clock.set({ ...state, arrivedAt: performance.now() });
    on('hello', (state) => {
      connection.set('open');
      setClock(state);
      readRequests().catch(() => undefined);
      refreshSoon();
    });
    on('clock', (states) => {
      const last = states.at(-1);
      if (last !== undefined) setClock(last);
      refreshSoon();
    });
    on('requests', (added) => {
      addRequests(added);
      void queries.invalidateQueries({ queryKey: [...CURRENT.queryKey, '/keys'] });
    });
    on('changed', refreshSoon);
    source.onerror = () => connection.set('lost');
    return () => {
      clearTimeout(refresh);
      source.close();
    };
  }, [queries]);
};
