import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../testing/webhook-receiver.ts';
import { registerWebhook } from './webhook-endpoints.ts';

const WAIT = { timeout: 30_000 };

let gateway: TestGateway;
let slow: WebhookReceiver;
let quick: WebhookReceiver;
beforeAll(async () => {
  gateway = await startTestGateway();
  [slow, quick] = await Promise.all([startWebhookReceiver(), startWebhookReceiver()]);
  for (const { url } of [slow, quick]) {
    await registerWebhook(gateway.db, gateway.box, {
      accountId: 'acct_demo',
      url,
      at: new Date(gateway.clock.now()),
    });
  }
});
afterAll(async () => {
  await Promise.all([slow.close(), quick.close()]);
  await gateway.close();
});

const pay = () =>
  fetch(`${gateway.operationsUrl}/_sandbox/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ currency: 'BTC', network: 'BTC', amount: '1' }),
  });
const attempts = async () => (await gateway.db.selectFrom('webhook_attempt').select('id').execute()).length;

it('lets no receiver wait for another one, and asks a slow one for no more meanwhile', async () => {
  slow.answer = 'hang';
  await pay();
  await expect.poll(() => [slow.received.length, quick.received.length], WAIT).toEqual([1, 1]);
  await pay();
  await expect.poll(() => quick.received.length, WAIT).toBe(2);
  await expect.poll(attempts, WAIT).toBe(2);
  expect(slow.received).toHaveLength(1);
  slow.answer = 200;
  slow.release();
  await expect.poll(() => slow.received.length, WAIT).toBe(2);
  await expect.poll(attempts, WAIT).toBe(4);
});
