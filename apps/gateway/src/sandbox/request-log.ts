import { subscribe } from 'node:diagnostics_channel';
import { RESPONSE_CHANNEL, type ResponseEvent } from '@cpg/server-middleware';
import type { RequestHandler } from 'express';

/** A request to the API and its response, as `/_sandbox/activity` returns it. */
export interface LoggedRequest {
  /** Counts from 1. */
  readonly id: number;
  /** ISO-8601. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** `null` if the connection closed before a response started. */
  readonly status: number | null;
  readonly outcome: ResponseEvent['outcome'];
  readonly key_id: string | null;
  readonly ms: number;
}

const MAX_REQUESTS = 200;

/** The requests in flight. The channel reports the responses of every server of this process. */
const pending = new Map<unknown, RequestLog>();

subscribe(RESPONSE_CHANNEL, (message) => {
  const event = message as ResponseEvent;
  pending.get(event.requestId)?.add(event);
  pending.delete(event.requestId);
});

/** The latest requests of one gateway with their responses, oldest first. In memory. */
export class RequestLog {
  readonly #clock: () => number;
  #requests: readonly LoggedRequest[] = [];
  #lastId = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The id of the latest request; 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  /** The remembered requests with greater ids. */
  after(id: number): readonly LoggedRequest[] {
    return this.#requests.filter((request) => request.id > id);
  }

  /** Observes the requests that pass through, by the id that the request log gave them. */
  readonly observe: RequestHandler = ({ id }, _response, next) => {
    pending.set(id, this);
    next();
  };

  /** Records one response. */
  add({ method, path, status, outcome, keyId, ms }: ResponseEvent): void {
    this.#lastId += 1;
    const at = new Date(this.#clock()).toISOString();
    const request = { id: this.#lastId, at, method, path, outcome, ms };
    const recorded = { ...request, status: status ?? null, key_id: keyId ?? null };
    this.#requests = [...this.#requests, recorded].slice(-MAX_REQUESTS);
  }
}
