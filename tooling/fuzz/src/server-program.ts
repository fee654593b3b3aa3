import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSigningKey, PERMISSIONS } from '@cpg/protocol';
import { cpgAuth, drainUnreadBodies, memoryStore, staticKeys } from '@cpg/server-middleware';
import { LOOPBACK } from '@cpg/test-support/ports';
import express from 'express';
import { BODY_LIMIT, FIRST_SECOND, KEYS } from './keys.ts';

/** What the parent sends: the time of the next round. */
export interface Order {
  readonly now: number;
}

/** The server's memory, and how many errors it logged. */
export interface ServerState {
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly liveSignatures: number;
  readonly errors: readonly string[];
}

/** A request as it arrived, in the header `X-Arrived` of a response to an accepted one. */
export interface Arrived {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  /** Base64. */
  readonly body: string;
}

let now = FIRST_SECOND;
const clock = () => now * 1000;
const errors: string[] = [];
const logger = {
  warn: (_fields: unknown, message: string) => errors.push(message),
  error: (_fields: unknown, message: string) => errors.push(message),
};

const keys = staticKeys(
  KEYS.map(({ id, secrets, revoked, sourceIps, limit }) => ({
    keyId: id,
    signingKeys: secrets.map(createSigningKey),
    permissions: PERMISSIONS,
    rateLimitPerMinute: limit ?? Number.MAX_SAFE_INTEGER,
    accountId: 'acct_1',
    revoked,
    ...(sourceIps === null ? {} : { sourceIps }),
  })),
);
const store = memoryStore({ clock, steadyClock: clock });

const app = express();
app.use(cpgAuth({ keys, store, clock, logger, json: false, bodyLimit: BODY_LIMIT }));
app.use((request, response) => {
  const { method, originalUrl: target, rawHeaders, rawBody } = request;
  const arrived: Arrived = { method, target, rawHeaders, body: (rawBody as Buffer).toString('base64') };
  response.set('X-Arrived', Buffer.from(JSON.stringify(arrived)).toString('base64')).end();
});

const server = drainUnreadBodies(createServer(app));
server.keepAliveTimeout = 0;
process.on('message', (order: Order) => {
  now = order.now;
  const { heapUsed: heapBytes, rss: rssBytes } = process.memoryUsage();
  const state: ServerState = { heapBytes, rssBytes, liveSignatures: store.size, errors };
  process.send?.(state);
});
process.on('disconnect', () => process.exit());
server.listen(0, LOOPBACK);
await once(server, 'listening');
process.send?.((server.address() as AddressInfo).port);
