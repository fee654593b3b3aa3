import { errorEnvelope } from '@cpg/protocol';
import type { Request, Response } from 'express';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import { type RepeatedTask, repeat } from '../repeat.ts';
import type { Services } from '../services.ts';

// A reader that is this far behind is disconnected: what it missed, it reads again when it reconnects.
const MAX_BUFFERED_BYTES = 262_144;
const MAX_READERS = 32;
const HEARTBEAT_MS = 15_000;
const WATCH_MS = 250;

interface LiveOptions extends Pick<Services, 'db' | 'clock'> {
  readonly logger: Logger;
}

/** What the sandbox tells an open console, as server-sent events. */
export class LiveEvents {
  readonly #options: LiveOptions;
  readonly #readers = new Set<Response>();
  #pending = new Map<string, unknown[]>();
  #isScheduled = false;
  #isClosed = false;
  #watching: RepeatedTask | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Responds with the stream, until the reader disconnects or falls behind. */
  readonly subscribe = (request: Request, response: Response): void => {
    if (this.#isClosed || this.#readers.size >= MAX_READERS) {
      response.setHeader('Retry-After', '5');
      response.status(503).json(errorEnvelope(`Open consoles: expected at most ${MAX_READERS}. Close a tab`));
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write(formatEvent('hello', this.#readClock()));
    this.#readers.add(response);
    const heartbeat = setInterval(() => this.#send(response, ':\n\n'), HEARTBEAT_MS).unref();
    request.socket.setNoDelay();
    response.on('close', () => {
      clearInterval(heartbeat);
      this.#readers.delete(response);
      if (this.#readers.size === 0) this.#stop();
    });
    this.#watching ??= this.#watch();
  };

  /** Sends one event to every reader; without a reader it costs nothing. Those of one tick are sent together. */
  publish(name: string, item: unknown): void {
    if (this.#readers.size === 0) return;
    const items = this.#pending.get(name) ?? [];
    items.push(item);
    this.#pending.set(name, items);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Tells the readers that the clock was set. */
  publishClock(): void {
    this.publish('clock', this.#readClock());
  }

  /** Ends the streams: an open one would delay the shutdown. */
  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers) reader.end();
    this.#stop();
  }

  #flush(): void {
    this.#isScheduled = false;
    const events = [...this.#pending].map(([name, items]) => formatEvent(name, items)).join('');
    this.#pending = new Map();
    for (const reader of this.#readers) this.#send(reader, events);
  }

  #send(reader: Response, text: string): void {
    reader.write(text);
    if (reader.writableLength > MAX_BUFFERED_BYTES) reader.destroy();
  }

  #readClock() {
    const { clock } = this.#options;
    return { now: clock.now(), frozen: clock.frozen };
  }

  #stop(): void {
    void this.#watching?.stop();
    this.#watching = undefined;
  }

  /**
   * Looks for changes while a console is open: any transaction that wrote gets a number, whichever process or command
   * ran it. Confirmations grow without one, with the clock.
   */
  #watch(): RepeatedTask {
    const { db, clock, logger } = this.#options;
    let last = '';
    const look = async () => {
      const { rows } = await sql<{ readonly written: string; readonly moving: boolean }>`
        SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS written, EXISTS (
          SELECT FROM chain_transaction WHERE status IN ('detected', 'broadcasted')) AS moving`.execute(db);
      const [row] = rows;
      const state = `${row?.written} ${row?.moving ? Math.floor(clock.now() / 1_000) : ''}`;
      if (state !== last && last !== '') this.publish('changed', {});
      last = state;
    };
    return repeat(look, { name: 'changes for the console', intervalMs: WATCH_MS, logger });
  }
}

const formatEvent = (name: string, data: unknown): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
