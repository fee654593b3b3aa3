import { COUNT_FROM_1, checkOptions } from '../options.ts';

/** Whether an event is new, being handled right now, or handled already. */
export type InboxState = 'new' | 'busy' | 'done';

/**
 * Remembers which events were handled, so that a repeated delivery is not handled twice. With several processes, or to
 * survive a restart, keep it in your database: `begin` must be one atomic step there.
 */
export interface WebhookInbox {
  /** Says how an event stands and, when it is new, notes that it is being handled now. */
  begin(eventId: number): InboxState | Promise<InboxState>;
  /** It was handled. */
  finish(eventId: number): void | Promise<void>;
  /** Handling it failed; the next delivery is new again. */
  abandon(eventId: number): void | Promise<void>;
}

const DEFAULT_CAPACITY = 100_000;

/** An inbox in this process's memory. Beyond `capacity` events it forgets those that were handled first. */
export const memoryInbox = (options: { readonly capacity?: number | undefined } = {}): WebhookInbox => {
  checkOptions('memoryInbox', options, { capacity: COUNT_FROM_1 });
  const { capacity = DEFAULT_CAPACITY } = options;
  const busy = new Set<number>();
  const done = new Set<number>();
  return {
    begin: (eventId) => {
      if (done.has(eventId)) return 'done';
      if (busy.has(eventId)) return 'busy';
      busy.add(eventId);
      return 'new';
    },
    finish: (eventId) => {
      busy.delete(eventId);
      done.add(eventId);
      for (const oldest of done) {
        if (done.size <= capacity) break;
        done.delete(oldest);
      }
    },
    abandon: (eventId) => {
      busy.delete(eventId);
    },
  };
};
