import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { AttemptRecorder } from '@cpg/gateway/webhooks/attempt-recorder.ts';
import {
  attempt,
  claimDue,
  type DeliveryServices,
  findDueEndpoints,
} from '@cpg/gateway/webhooks/attempts.ts';
import { registerWebhook } from '@cpg/gateway/webhooks/endpoints.ts';
import {
  createSigningKey,
  isKnownWebhookEvent,
  isRejection,
  parseWebhookEvent,
  verifyWebhook,
} from '@cpg/protocol';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type StartTestGateway, TEST_NOW, type TestGateway } from './test-gateway.ts';

export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface WebhookReceiver {
  readonly url: string;
  readonly received: ReceivedWebhook[];
  /** The status of the next responses; `hang` sends none. */
  respondWith: number | 'hang';
  /** Closes the hanging connections without a response. */
  release(): void;
  close(): Promise<void>;
}

/** Starts a server on a free loopback port that records webhooks. */
export const startWebhookReceiver = async (): Promise<WebhookReceiver> => {
  const received: ReceivedWebhook[] = [];
  const server = createServer(async (request, response) => {
    received.push({ path: request.url ?? '', headers: request.headers, body: await buffer(request) });
    if (receiver.respondWith === 'hang') return;
    response.writeHead(receiver.respondWith, { location: '/elsewhere' }).end('thanks');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    respondWith: 200,
    release: () => server.closeAllConnections(),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
};

const SECRET = 'whsec_of-this-test';
export const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';
const MAX_CLAIMED = 20;

/**
 * Sets up a gateway, with the demo again for each test, and a receiver of its webhooks. Deliveries are made
 * by the tests alone.
 */
export const webhookCalls = (start: StartTestGateway) => {
  let gateway: TestGateway;
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    gateway = await start();
    await gateway.stopLoops();
  });
  afterAll(() => gateway.close());
  beforeEach(async () => {
    gateway.clock.freeze(TEST_NOW * 1000);
    await gateway.reset();
    receiver = await startWebhookReceiver();
    await register();
  });
  afterEach(() => receiver.close());

  const register = (secret = SECRET) =>
    registerWebhook(gateway.db, gateway.box, {
      accountId: 'acct_demo',
      url: receiver.url,
      secret,
      at: new Date(gateway.clock.now()),
    });
  const deliver = async (differences: Partial<DeliveryServices> = {}): Promise<number> => {
    const services = { ...gateway, ...differences };
    const recorder = new AttemptRecorder(services);
    let attempted = 0;
    for (const { id } of await findDueEndpoints(services)) {
      const claimed = await claimDue(services, id, MAX_CLAIMED);
      await Promise.all(claimed.map((delivery) => attempt(services, delivery, recorder)));
      attempted += claimed.length;
    }
    return attempted;
  };
  const post = (target: string, body: unknown) => gateway.call(target, { method: 'POST', body });
  return {
    gateway: () => gateway,
    receiver: () => receiver,
    register,
    deliver,
    post,
    pass: (seconds: number) => gateway.clock.freeze(gateway.clock.now() + seconds * 1000),
    withdraw: (differences: Record<string, unknown> = {}) =>
      post('/v1/withdrawals', {
        currency: 'USDT',
        network: 'ETH',
        to_address: ADDRESS,
        amount: '10',
        ...differences,
      }),
    /** The received events, with verified signatures. */
    readReceived: () =>
      receiver.received.map(({ headers, body }) => {
        const verified = verifyWebhook({
          key: createSigningKey(SECRET),
          body,
          timestamp: headers['x-cpg-timestamp'],
          signature: headers['x-cpg-signature'],
          now: Math.floor(gateway.clock.now() / 1000),
        });
        if (!('body' in verified)) throw new Error(verified.message);
        const event = parseWebhookEvent(body);
        if (isRejection(event) || !isKnownWebhookEvent(event)) throw new Error('not an event of v1');
        if (headers['x-cpg-event'] !== event.event) throw new Error('header and body name different events');
        return event;
      }),
  };
};

/**
 * Addresses that no webhook is delivered to: special ranges, and IPv6 addresses that carry an IPv4 address.
 */
export const SPECIAL_ADDRESSES = {
  ipv4: [
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254'],
    ...['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1', '192.88.99.1'],
    ...['192.168.1.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1'],
    ...['239.255.255.255', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
  ],
  ipv6: [
    ...['::', '::1', '::2', '::169.254.169.254', '::a9fe:a9fe', '::8.8.8.8', '::ffff:169.254.169.254'],
    ...['::ffff:10.0.0.1', '0:0:0:0:0:ffff:7f00:1', '::ffff:168.63.129.16', '::ffff:0:169.254.169.254'],
    ...['64:ff9b::169.254.169.254', '64:ff9b::8.8.8.8', '64:ff9b:1::169.254.169.254', '100::1', '1::1'],
    ...['2001::1', '2001:0:a9fe:a9fe::1', '2001:2::1', '2001:10::1', '2001:db8::1', '2002:a9fe:a9fe::1'],
    ...['2a00:1450:4001:80b:0:5efe:10.0.0.1', '2a00:1450:4001:80b:200:5efe:a9fe:a9fe'],
    ...['3fff::1', '4000::1', '5f00::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fec0::1', 'ff02::1'],
  ],
} as const;
