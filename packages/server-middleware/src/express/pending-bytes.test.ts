import { exchange, RawConnection, type RawResponse } from '@cpg/test-support/raw-client';
import {
  NOW,
  type RequestParts,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import express, { type RequestHandler } from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { type KeyStore, staticKeys } from '../keys/key-store.ts';
import { type CpgAuthOptions, cpgAuth } from './cpg-auth.ts';

const UNAVAILABLE = '{"success":false,"message":"Service temporarily unavailable"}';
const KIB = 1_024;

describe('maxPendingBytes', () => {
  const start = async (options: Partial<CpgAuthOptions> = {}) => {
    const clock = () => NOW * 1000;
    const logger = recordingLogger();
    const app = express();
    const keys = staticKeys([testKey()]);
    app.use(
      cpgAuth({
        ...{ keys, store: memoryStore({ clock }), clock, logger, json: false, maxPendingBytes: 100 * KIB },
        ...options,
      }),
      ((_request, response) => {
        response.send('admitted');
      }) satisfies RequestHandler,
    );
    let timestamp = NOW - 100;
    const create = (length: number, parts: RequestParts = {}) => {
      timestamp += 1;
      return signedRequest({ method: 'POST', body: 'x'.repeat(length), timestamp, ...parts });
    };
    const port = await serve(app);
    /** Sends all but the last byte of a body. */
    const stall = async (length: number, parts?: RequestParts) => {
      const connection = new RawConnection(port);
      onTestFinished(() => connection.close());
      const bytes = create(length, parts);
      await connection.write(bytes.subarray(0, -1));
      return { connection, finish: () => connection.write(bytes.subarray(-1)) };
    };
    const send = (length: number, parts?: RequestParts) => exchange(port, create(length, parts));
    /** Sends until the server has read the stalled bodies. */
    const sendUntil = async (status: number, length: number): Promise<RawResponse> => {
      let response = await send(length);
      while (response.status !== status) response = await send(length);
      return response;
    };
    return { stall, send, sendUntil, logger };
  };

  it('limits what all unauthenticated bodies hold together, beyond 16 KiB each', async () => {
    const { stall, send, sendUntil, logger } = await start();
    const stalled = await stall(90 * KIB);
    const rejected = await sendUntil(503, 60 * KIB);
    expect(rejected.body).toBe(UNAVAILABLE);
    expect(rejected.headers['retry-after']).toBe('1');
    expect((await send(16 * KIB)).body).toBe('admitted');
    await stalled.finish();
    expect((await stalled.connection.readResponse())?.body).toBe('admitted');
    expect((await send(60 * KIB)).body).toBe('admitted');
    expect(logger.lines).toEqual([
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ code: 'pending_bodies_full' }),
        message: expect.stringMatching(/hold \d+ bytes of bodies, of at most 102400\. Raise maxPendingBytes/),
      }),
    ]);
  });

  const failing: KeyStore = { find: () => Promise.reject(new Error('down')) };
  const CHUNKED: RequestParts = { headers: { 'Transfer-Encoding': 'chunked', 'Content-Length': null } };
  it.each<[string, Partial<CpgAuthOptions>, number, string, RequestParts?]>([
    ['the body is late', { bodyTimeoutMs: 100 }, 408, ''],
    ['the body is too large', { bodyLimit: 90 * KIB }, 413, `16c00\r\n${'x'.repeat(91 * KIB)}`, CHUNKED],
    ['the signature is wrong', {}, 401, 'y'],
    ['the signature is right', {}, 200, 'x'],
    ['the key store fails', { keys: failing }, 503, 'x'],
  ])('counts a body no longer when %s', async (_when, options, status, end, parts) => {
    const { stall, logger } = await start(options);
    for (let count = 0; count < 3; count += 1) {
      const { connection } = await stall(parts === undefined ? 90 * KIB : 1, parts);
      await connection.write(end);
      expect((await connection.readResponse())?.status).toBe(status);
    }
    expect(logger.lines.filter(({ fields }) => fields.code === 'pending_bodies_full')).toEqual([]);
  });

  it('counts a body no longer when the client leaves', async () => {
    const { stall, sendUntil } = await start();
    const { connection } = await stall(90 * KIB);
    await sendUntil(503, 60 * KIB);
    connection.close();
    expect((await sendUntil(200, 60 * KIB)).body).toBe('admitted');
  });
});
