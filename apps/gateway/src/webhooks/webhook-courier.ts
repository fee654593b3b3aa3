import type { Logger } from 'pino';
import { logFailure } from '../repeat.ts';
import { type DeliveryServices, deliverDue, findDueEndpoints } from './deliver-due.ts';

/** Delivers to each endpoint on its own, so that a slow receiver delays nobody else. */
export class WebhookCourier {
  readonly #services: DeliveryServices;
  readonly #logger: Logger;
  readonly #underWay = new Map<number, Promise<void>>();

  constructor(services: DeliveryServices, logger: Logger) {
    this.#services = services;
    this.#logger = logger;
  }

  /** Sets out to every endpoint that something is due for, unless it is being delivered to; waits for none. */
  async setOut(): Promise<void> {
    for (const endpointId of await findDueEndpoints(this.#services)) {
      if (!this.#underWay.has(endpointId)) this.#underWay.set(endpointId, this.#deliver(endpointId));
    }
  }

  /** Waits for what is under way. */
  async comeBack(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  async #deliver(endpointId: number): Promise<void> {
    try {
      await deliverDue(this.#services, endpointId);
    } catch (error) {
      logFailure(this.#logger, error, 'webhook delivery failed; will retry');
    } finally {
      this.#underWay.delete(endpointId);
    }
  }
}
