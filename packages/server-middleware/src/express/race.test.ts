import { setTimeout as delay } from 'node:timers/promises';
import { RawConnection } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import { NOW, serve, signedRequest, testKey } from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it } from 'vitest';
import type { AdmissionStore } from '../admission/admission-store.ts';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { staticKeys } from '../keys/key-store.ts';
import { cpgAuth } from './cpg-auth.ts';

const ROUNDS = 5;
const clock = () => NOW * 1000;

/** Where the copies wait for each other: all but their last byte is sent first. */
const HOLDS = [
  ['the last byte of the body', { method: 'POST', target: '/v1/withdrawals', body: '{"amount":"1"}' }],
  ['the end of the headers', { method: 'GET', target: '/v1/balances' }],
] as const;

/** A store that decides at once but responds late, as over a network. */
const lateStore = (store: AdmissionStore): AdmissionStore => ({
  admit: async (request) => {
    await delay(1);
    return store.admit(request);
  },
});

describe.each(EXPRESS_VERSIONS)('races on %s', (_name, express) => {
  describe.each(HOLDS)('held at %s', (_where, parts) => {
    it.each([
      [2, 'memory'],
      [20, 'memory'],
      [2, 'late'],
      [20, 'late'],
    ] as const)('admit one of %d copies (%s store)', async (copies, kind) => {
      const memory = memoryStore({ clock });
      const store = kind === 'late' ? lateStore(memory) : memory;
      let sideEffects = 0;
      const app = express();
      app.use(cpgAuth({ keys: staticKeys([testKey()]), store, clock }), (_request, response) => {
        sideEffects += 1;
        response.json({});
      });
      const port = await serve(app);
      for (let round = 0; round < ROUNDS; round += 1) {
        const bytes = signedRequest({ ...parts, timestamp: NOW + round });
        const connections = Array.from({ length: copies }, () => new RawConnection(port));
        await Promise.all(connections.map((connection) => connection.write(bytes.subarray(0, -1))));
        await Promise.all(connections.map((connection) => connection.write(bytes.subarray(-1))));
        const responses = await Promise.all(connections.map((connection) => connection.readResponse()));
        for (const connection of connections) connection.close();
        const messages = responses
          .filter((response) => response?.status !== 200)
          .map((response) => response?.body);
        expect(messages).toEqual(
          Array(copies - 1).fill('{"success":false,"message":"Request signature has already been used"}'),
        );
        expect(sideEffects).toBe(round + 1);
      }
    });
  });
});
