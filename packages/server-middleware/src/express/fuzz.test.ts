import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { NOW, recordingLogger, signedRequest, testKey } from '@cpg/test-support/server-middleware/fixtures';
import { CleanVerifier, mutations } from '@cpg/test-support/server-middleware/fuzz';
import express from 'express';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { staticKeys } from '../keys/key-store.ts';
import { cpgAuth } from './cpg-auth.ts';

/** Mutated requests in all: 2,000, or as many as CPG_FUZZ_RUNS says; 200,000 is the long mode. */
const RUNS = Number(process.env.CPG_FUZZ_RUNS ?? 2_000);
const BATCH = 50;
const RESPONSE_DEADLINE_MS = 50_000;

const BASES = [
  { target: '/v1/_ping' },
  { target: '/v1/balances?currency=USDT&network=ETH' },
  { method: 'POST', target: '/v1/withdrawals', body: '{"amount":"100.000000","currency":"USDT"}' },
  { method: 'DELETE', target: '/v1/x?a=%20+&&b', body: 'x' },
] as const;

describe('mutated requests', () => {
  const clock = () => NOW * 1000;
  const logger = recordingLogger();
  const verifier = new CleanVerifier();
  const wronglyAccepted: unknown[] = [];
  const counts = { sent: 0, accepted: 0 };
  const app = express();
  app.use(
    cpgAuth({
      keys: staticKeys([testKey({ rateLimitPerMinute: Number.MAX_SAFE_INTEGER })]),
      store: memoryStore({ clock }),
      clock,
      logger,
      json: false,
      bodyTimeoutMs: 2_000,
    }),
    (request, response) => {
      counts.accepted += 1;
      const { method, originalUrl: target, rawHeaders, rawBody: body = Buffer.alloc(0) } = request;
      if (!verifier.accepts({ method, target, rawHeaders, body }))
        wronglyAccepted.push({ target, rawHeaders, body });
      response.end('accepted');
    },
  );
  const server = createServer(app);
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Sends bytes, ends, and waits until the server has closed its side too; fails when that takes too long. */
  const send = (bytes: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.setTimeout(RESPONSE_DEADLINE_MS, () => {
        socket.destroy();
        reject(new Error(`No end in sight after ${bytes.toString('latin1')}`));
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.resume();
      socket.end(bytes);
    });

  it(`are accepted only when a clean verifier accepts them (${RUNS})`, {
    timeout: 60_000 + RUNS * 20,
  }, async () => {
    let serial = 0;
    const mutated = fc.record({ base: fc.constantFrom(...BASES), mutate: mutations });
    await fc.assert(
      fc.asyncProperty(fc.array(mutated, { minLength: BATCH, maxLength: BATCH }), async (batch) => {
        const requests = batch.map(({ base, mutate }) => {
          serial += 1;
          counts.sent += 1;
          const separator = base.target.includes('?') ? '&' : '?';
          return mutate(signedRequest({ ...base, target: `${base.target}${separator}n=${serial}` }));
        });
        await Promise.all(requests.map(send));
        expect(wronglyAccepted).toEqual([]);
        expect(logger.lines).toEqual([]);
      }),
      { numRuns: Math.ceil(RUNS / BATCH) },
    );
    // A fuzz test that accepts nothing, or everything, tests nothing.
    expect(counts.accepted).toBeGreaterThan(counts.sent * 0.05);
    expect(counts.accepted).toBeLessThan(counts.sent * 0.95);
  });
});
