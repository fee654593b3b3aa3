import type { Logger } from 'pino';
import { logFailure } from '../repeat.ts';
import { AttemptRecorder } from './attempt-recorder.ts';
import {
  type AttemptResult,
  attempt,
  claimDue,
  type Delivery,
  type DeliveryServices,
  findDueEndpoints,
} from './attempts.ts';

// Bounds memory and sockets, whatever the number of endpoints and due deliveries.
const MAX_ATTEMPTS = 256;
const MAX_ATTEMPTS_PER_ENDPOINT = 20;
// Of these, attempts to endpoints that did not respond to the last one: dead endpoints cannot take all slots.
const MAX_UNPROVEN_ATTEMPTS = 128;
const MAX_CLAIMS = 4;

interface EndpointState {
  readonly id: number;
  inFlight: number;
  /** An endpoint that does not respond gets one attempt at a time. */
  isResponding: boolean;
  isClaiming: boolean;
  /** Whether more deliveries may be due than were claimed. */
  hasMore: boolean;
}

/**
 * Delivers webhooks. Each endpoint has slots of its own, and a slot is used again as soon as its attempt ends: a
 * slow response costs one slot, and an endpoint that does not respond delays no other. When slots are scarce,
 * endpoints take turns. An endpoint that stays silent is suspended, and the log says so.
 */
export class WebhookDispatcher {
  readonly #services: DeliveryServices;
  readonly #recorder: AttemptRecorder;
  readonly #logger: Logger;
  readonly #endpoints = new Map<number, EndpointState>();
  /** Endpoints with due deliveries, in the order of their turns. */
  readonly #ready = new Set<EndpointState>();
  readonly #claims = new Set<Promise<void>>();
  readonly #attempts = new Set<Promise<void>>();
  /** The suspensions that were logged, by endpoint. */
  readonly #suspended = new Map<number, number>();
  #slots = 0;
  #unprovenSlots = 0;
  #isStopping = false;

  constructor(services: DeliveryServices, logger: Logger) {
    this.#services = services;
    this.#recorder = new AttemptRecorder(services);
    this.#logger = logger;
  }

  /** Starts due deliveries in the free slots. Does not wait for them. Returns whether any were due. */
  async dispatchDue(): Promise<boolean> {
    if (this.#isStopping || this.#slots >= MAX_ATTEMPTS) return true;
    const due = await findDueEndpoints(this.#services);
    for (const { id, isResponding } of shuffle(due)) {
      const known = this.#endpoints.get(id);
      const state = known ?? { id, inFlight: 0, isResponding, isClaiming: false, hasMore: true };
      state.hasMore = true;
      this.#endpoints.set(id, state);
      this.#ready.add(state);
    }
    this.#fillSlots();
    return due.length > 0;
  }

  /** Starts no further deliveries, and waits for those in flight. */
  async drain(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#claims);
    await Promise.all(this.#attempts);
  }

  #fillSlots(): void {
    for (const state of this.#ready) {
      const free = MAX_ATTEMPTS - this.#slots;
      if (this.#isStopping || free <= 0 || this.#claims.size >= MAX_CLAIMS) return;
      this.#ready.delete(state);
      const share = Math.max(1, Math.floor(free / (this.#ready.size + 1)));
      const room = Math.min(share, this.#getRoom(state));
      // Otherwise its turn comes when its claim or one of its attempts ends.
      if (room > 0 && !state.isClaiming)
        track(this.#claims, this.#claim(state, room), () => this.#fillSlots());
      else this.#forgetIdle(state);
    }
  }

  #getRoom({ isResponding, inFlight }: EndpointState): number {
    if (isResponding) return MAX_ATTEMPTS_PER_ENDPOINT - inFlight;
    return Math.min(1 - inFlight, MAX_UNPROVEN_ATTEMPTS - this.#unprovenSlots);
  }

  async #claim(state: EndpointState, room: number): Promise<void> {
    const isUnproven = !state.isResponding;
    const take = (slots: number) => {
      this.#slots += slots;
      state.inFlight += slots;
      if (isUnproven) this.#unprovenSlots += slots;
    };
    state.isClaiming = true;
    take(room);
    let claimed: readonly Delivery[] = [];
    try {
      claimed = await claimDue(this.#services, state.id, room);
    } catch (error) {
      logFailure(this.#logger, error, 'webhook deliveries were not claimed; will retry');
    }
    state.isClaiming = false;
    take(claimed.length - room);
    state.hasMore = claimed.length === room;
    for (const delivery of claimed) {
      track(this.#attempts, this.#deliver(state, delivery), () => {
        take(-1);
        if (state.hasMore) this.#ready.add(state);
        this.#forgetIdle(state);
        this.#fillSlots();
      });
    }
    if (state.hasMore) this.#ready.add(state);
    this.#forgetIdle(state);
  }

  async #deliver(state: EndpointState, delivery: Delivery): Promise<void> {
    try {
      const result = await attempt(this.#services, delivery, this.#recorder);
      if (result.isSent) state.isResponding = result.status !== null;
      if (result.suspension !== undefined) state.hasMore = false;
      this.#logHealth(delivery, result);
    } catch (error) {
      state.hasMore = false;
      logFailure(this.#logger, error, 'webhook delivery failed; will retry');
    }
  }

  #logHealth(delivery: Delivery, { status, error, suspension }: AttemptResult): void {
    const endpoint = { endpointId: delivery.endpoint_id, host: new URL(delivery.url).host };
    if (suspension !== undefined && this.#suspended.get(endpoint.endpointId) !== suspension.until.getTime()) {
      this.#suspended.set(endpoint.endpointId, suspension.until.getTime());
      const { failures, until } = suspension;
      this.#logger.warn({ ...endpoint, failures, until, error }, 'webhook endpoint suspended: no response');
    }
    if (status !== null && delivery.suspensions > 0) {
      this.#suspended.delete(endpoint.endpointId);
      this.#logger.info(endpoint, 'webhook endpoint responds again');
    }
  }

  #forgetIdle(state: EndpointState): void {
    const isIdle = state.inFlight === 0 && !state.isClaiming && !this.#ready.has(state);
    if (isIdle) this.#endpoints.delete(state.id);
  }
}

/** Keeps work in a set until it ends. The work never rejects. */
const track = (set: Set<Promise<void>>, work: Promise<void>, onEnd: () => void): void => {
  set.add(work);
  work.then(() => {
    set.delete(work);
    onEnd();
  });
};

const shuffle = <T>(items: readonly T[]): readonly T[] =>
  items
    .map((item) => ({ item, order: Math.random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ item }) => item);
