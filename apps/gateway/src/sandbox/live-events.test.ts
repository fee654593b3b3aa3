import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { sandboxCalls } from '@cpg/test-support/gateway/sandbox-calls';
import type { Request, Response } from 'express';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LiveEvents } from './live-events.ts';

const { gateway, send, pay } = sandboxCalls();

/** The events of a stream, as they arrive. */
const readEvents = async (url: string, signal?: AbortSignal) => {
  const response = await fetch(url, signal === undefined ? {} : { signal });
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let text = '';
  const next = async (name: string): Promise<unknown> => {
    for (;;) {
      const found = new RegExp(`event: ${name}\ndata: (.*)\n\n`).exec(text);
      if (found !== null) {
        text = text.slice(found.index + found[0].length);
        return JSON.parse(found[1] as string);
      }
      const { value, done } = await reader.read();
      if (done) throw new Error(`the stream ended before ${name}`);
      text += value;
    }
  };
  return { response, next, isEnded: async () => (await reader.read()).done };
};

describe('/_sandbox/events', () => {
  const controller = () => new AbortController();

  it('tells the clock, each request, and that the database changed', async () => {
    const abort = controller();
    const stream = await readEvents(`${gateway().operationsUrl}/_sandbox/events`, abort.signal);
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream');
    expect(await stream.next('hello')).toEqual({ now: gateway().clock.now(), frozen: true });
    await gateway().call('/v1/_ping');
    expect(await stream.next('requests')).toMatchObject([
      {
        method: 'GET',
        path: '/v1/_ping',
        route: '/v1/_ping',
        status: 200,
        outcome: 'served',
        key_id: 'ck_demo_full',
      },
    ]);
    await send('PUT', '/clock', { now: 1_800_000_100 });
    expect(await stream.next('clock')).toEqual([{ now: 1_800_000_100_000, frozen: true }]);
    await pay();
    expect(await stream.next('changed')).toEqual([{}]);
    abort.abort();
  });
});

describe('LiveEvents', () => {
  let live: LiveEvents;
  let server: Server;
  let port: number;

  beforeEach(async () => {
    live = new LiveEvents({ ...gateway(), logger: pino({ level: 'silent' }) });
    server = createServer((request, response) => live.subscribe(request as Request, response as Response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => {
    live.close();
    server.close();
    server.closeAllConnections();
  });

  it('disconnects a reader that falls behind, and keeps those that do not', async () => {
    const slow = connect(port, '127.0.0.1');
    slow.pause();
    slow.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const fast = await readEvents(`http://127.0.0.1:${port}`);
    await expect.poll(() => live.readers).toBe(2);
    const item = 'x'.repeat(65_536);
    let published = 0;
    // The buffers of the kernel take some megabytes before those of the process grow.
    for (; live.readers === 2 && published < 1_000; published += 1) {
      live.publish('requests', { published, item });
      expect(await fast.next('requests')).toEqual([{ published, item }]);
    }
    expect(live.readers).toBe(1);
    slow.resume();
    await once(slow, 'close');
    live.publish('requests', 'last');
    expect(await fast.next('requests')).toEqual(['last']);
  });

  it('limits the number of readers', async () => {
    const streams = [];
    for (let count = 0; count < 32; count += 1) streams.push(await readEvents(`http://127.0.0.1:${port}`));
    expect(live.readers).toBe(32);
    const statuses: number[] = [];
    const response = {
      setHeader: () => undefined,
      status: (code: number) => ({ json: () => statuses.push(code) }),
    };
    live.subscribe({} as Request, response as unknown as Response);
    expect(statuses).toEqual([503]);
  });

  it('ends the streams at shutdown', async () => {
    const stream = await readEvents(`http://127.0.0.1:${port}`);
    await stream.next('hello');
    live.close();
    expect(await stream.isEnded()).toBe(true);
  });
});
