import {
  createSigningKey,
  isKnownWebhookEvent,
  isRejection,
  parseWebhookEvent,
  verifyWebhook,
} from '@cpg/protocol';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type DeliveryServices, deliverDue, findDueEndpoints } from '../webhooks/dispatcher.ts';
import { registerWebhook } from '../webhooks/endpoints.ts';
import type { StartTestGateway } from './describe-on-each-database.ts';
import { TEST_NOW, type TestGateway } from './test-gateway.ts';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

const SECRET = 'whsec_of-this-test';
export const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

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
    let attempted = 0;
    for (const id of await findDueEndpoints(services)) attempted += await deliverDue(services, id);
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
