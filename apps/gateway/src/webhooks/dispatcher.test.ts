import {
  describeOnEachDatabase,
  startTestGateway,
  TEST_NOW,
  type TestGateway,
} from '@cpg/test-support/gateway/test-gateway';
import { startWebhookReceiver, type WebhookReceiver, webhookCalls } from '@cpg/test-support/gateway/webhooks';
import { CLOSED_PORT, LOOPBACK } from '@cpg/test-support/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecretBox } from '../database/secret-box.ts';
import { claimDue, findDueEndpoints, getRetryDelay } from './attempts.ts';
import { registerWebhook } from './endpoints.ts';

describeOnEachDatabase((start) => {
  const { gateway, receiver, register, deliver, pass, withdraw, readReceived } = webhookCalls(start);
  const sandbox = async (path: string, method = 'GET') => {
    const response = await fetch(`${gateway().operationsUrl}/_sandbox${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
    });
    return ((await response.json()) as { readonly data: unknown }).data;
  };
  const listed = async () =>
    ((await sandbox('/deliveries')) as { readonly rows: readonly { readonly id: string }[] }).rows;

  describe('retries', () => {
    it('happen at 0, 1 min, 5 min, 30 min, 2 h, 12 h and 24 h, then the delivery is dead until requeued', async () => {
      receiver().respondWith = 500;
      await withdraw();
      const minutes: number[] = [];
      for (let second = 0; second <= 30 * 3600; second += 30) {
        const before = receiver().received.length;
        await deliver();
        if (receiver().received.length > before) minutes.push(second / 60);
        pass(30);
      }
      expect(minutes).toEqual([0, 1, 5, 30, 120, 720, 1440]);
      const [dead] = await listed();
      expect(dead).toMatchObject({
        event: 'withdrawal.broadcasted',
        status: 'dead',
        attempts: 7,
        response_status: 500,
      });
      expect(await sandbox(`/deliveries/${dead?.id}/attempts`)).toHaveLength(7);

      receiver().respondWith = 204;
      expect(await sandbox(`/deliveries/${dead?.id}/requeue`, 'POST')).toEqual({ done: true });
      await deliver();
      expect((await listed())[0]).toMatchObject({ status: 'delivered', attempts: 1, response_status: 204 });
      expect(await deliver()).toBe(0);
    });

    it('send the same bytes and delivery id with a new signature', async () => {
      receiver().respondWith = 503;
      await withdraw();
      await deliver();
      pass(60);
      receiver().respondWith = 200;
      await deliver();
      const [first, second] = receiver().received;
      expect(second?.body.equals(first?.body as Buffer)).toBe(true);
      expect(second?.headers['x-cpg-delivery']).toBe(first?.headers['x-cpg-delivery']);
      expect(second?.headers['x-cpg-delivery']).toMatch(/^[0-9a-f-]{36}$/);
      expect([first, second].map((attempt) => attempt?.headers['x-cpg-timestamp'])).toEqual([
        String(TEST_NOW),
        String(TEST_NOW + 60),
      ]);
      expect(readReceived()).toHaveLength(2);
    });

    it.each<[number | 'hang', number | null, string | null]>([
      [301, 301, null],
      [404, 404, null],
      ['hang', null, 'No response within 0.5 s'],
    ])('follow a response of %s', async (respondWith, response_status, error) => {
      receiver().respondWith = respondWith;
      await withdraw();
      await (respondWith === 'hang' ? deliver({ timeoutMs: 500 }) : deliver());
      expect(await listed()).toMatchObject([{ status: 'pending', attempts: 1, response_status, error }]);
      expect(receiver().received.map(({ path }) => path)).toEqual(['/hooks']);
    });

    it('follow a failed connection', async () => {
      const url = `http://${LOOPBACK}:${CLOSED_PORT}/`;
      const { db, box, clock } = gateway();
      await db.deleteFrom('webhook_endpoint').execute();
      await registerWebhook(db, box, { accountId: 'acct_demo', url, at: new Date(clock.now()) });
      await withdraw();
      await deliver();
      expect(await listed()).toMatchObject([
        {
          status: 'pending',
          attempts: 1,
          response_status: null,
          error: expect.stringContaining('ECONNREFUSED'),
        },
      ]);
    });

    it('take over deliveries claimed by a crashed process', async () => {
      await withdraw();
      await gateway()
        .db.updateTable('webhook_delivery')
        .set({ claimed_until: new Date((TEST_NOW + 60) * 1000) })
        .execute();
      expect(await deliver()).toBe(0);
      pass(61);
      expect(await deliver()).toBe(1);
      expect(receiver().received).toHaveLength(1);
    });
  });

  describe('an endpoint without a response', () => {
    const silent = { resolve: () => Promise.reject(new Error('no answer from DNS')) };
    const readEndpoint = () =>
      gateway().db.selectFrom('webhook_endpoint').selectAll().executeTakeFirstOrThrow();
    const suspendedFor = async () => {
      const until = (await readEndpoint()).suspended_until;
      return until === null ? null : (until.getTime() - gateway().clock.now()) / 1000;
    };
    /** Registers an endpoint at a host that only DNS knows, with more due deliveries than there are slots. */
    const startSilent = async (count: number) => {
      const { db, box, clock } = gateway();
      await db.deleteFrom('webhook_endpoint').execute();
      const url = 'https://hooks.example.com/';
      await registerWebhook(db, box, { accountId: 'acct_demo', url, at: new Date(clock.now()) });
      for (let index = 0; index < count; index += 1) await withdraw();
    };

    it('is suspended after 5 attempts in a row, for 10 s, 20 s, 40 s … up to 15 min', async () => {
      await startSilent(4);
      expect(await deliver(silent)).toBe(4);
      expect(await suspendedFor()).toBeNull();
      await withdraw();
      expect(await deliver(silent)).toBe(1);
      const lengths = [await suspendedFor()];
      for (let round = 0; round < 8; round += 1) {
        await withdraw();
        expect(await deliver(silent)).toBe(0);
        pass(lengths.at(-1) ?? 0);
        expect(await deliver(silent)).toBeGreaterThan(0);
        lengths.push(await suspendedFor());
      }
      expect(lengths).toEqual([10, 20, 40, 80, 160, 320, 640, 900, 900]);
    });

    it('has no suspension left after one response, and none while it responds with errors', async () => {
      receiver().respondWith = 'hang';
      for (let index = 0; index < 5; index += 1) await withdraw();
      expect(await deliver({ timeoutMs: 300 })).toBe(5);
      expect(await suspendedFor()).toBe(10);
      receiver().respondWith = 500;
      for (let round = 0; round < 3; round += 1) {
        pass(3600);
        expect(await deliver()).toBe(5);
        expect(await readEndpoint()).toMatchObject({
          has_responded: true,
          failures: 0,
          suspended_until: null,
        });
      }
    });

    it('gets no delivery when another process suspends it between being found and being claimed', async () => {
      await startSilent(1);
      const [due] = await findDueEndpoints(gateway());
      const until = new Date(gateway().clock.now() + 10_000);
      await gateway().db.updateTable('webhook_endpoint').set({ suspended_until: until }).execute();
      expect(await claimDue(gateway(), due?.id ?? 0, 1)).toEqual([]);
      pass(10);
      expect(await claimDue(gateway(), due?.id ?? 0, 1)).toHaveLength(1);
    });

    it('is tried at once when a delivery is requeued', async () => {
      await startSilent(5);
      await deliver(silent);
      const [newest] = await listed();
      expect(await deliver(silent)).toBe(0);
      await sandbox(`/deliveries/${newest?.id}/requeue`, 'POST');
      expect(await suspendedFor()).toBeNull();
      expect(await deliver(silent)).toBe(1);
      expect(await suspendedFor()).toBe(10);
    });
  });

  describe('an attempt that outlives its lease', () => {
    it('does not overwrite a successful delivery', async () => {
      receiver().respondWith = 'hang';
      await withdraw();
      const late = deliver();
      await expect.poll(() => receiver().received.length, { timeout: 30_000 }).toBe(1);
      await gateway().db.updateTable('webhook_delivery').set({ claimed_until: null }).execute();
      receiver().respondWith = 200;
      expect(await deliver()).toBe(1);
      await receiver().close();
      await late;
      expect(await listed()).toMatchObject([{ status: 'delivered', attempts: 1, response_status: 200 }]);
    });
  });

  describe('the URL rules', () => {
    it('are also applied at delivery', async () => {
      await withdraw();
      await deliver({ rules: { allowedHosts: [], sandbox: false } });
      expect(receiver().received).toEqual([]);
      expect(await listed()).toMatchObject([
        { status: 'pending', error: 'url: Input should be an https URL' },
      ]);
    });
  });

  describe('an endpoint at an address that is not public', () => {
    it.each(['[::169.254.169.254]', '[2002:a9fe:a9fe::1]', '2852039166', '168.63.129.16', '[::127.0.0.1]'])(
      '%s is not registered, and gets no delivery if it is registered already',
      async (host) => {
        const url = `https://${host}/`;
        const response = await fetch(`${gateway().operationsUrl}/_sandbox/webhooks`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ url }),
        });
        expect({ status: response.status, body: await response.json() }).toEqual({
          status: 422,
          body: {
            success: false,
            message: 'url: Host should be reachable from the Internet, not private, loopback or reserved',
          },
        });
        const { db, box, clock } = gateway();
        await db.deleteFrom('webhook_endpoint').execute();
        await registerWebhook(db, box, { accountId: 'acct_demo', url, at: new Date(clock.now()) });
        await withdraw();
        await deliver();
        expect(await listed()).toMatchObject([
          { status: 'pending', error: expect.stringContaining('url: Host should be reachable') },
        ]);
      },
    );
  });

  describe('the signing secret', () => {
    it('can be replaced, and is never stored in plaintext', async () => {
      await register('whsec_the-newer-one');
      const rows = await gateway().db.selectFrom('webhook_endpoint').selectAll().execute();
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).not.toContain('the-newer-one');
      await withdraw();
      await deliver();
      expect(readReceived).toThrow('Invalid signature');
    });

    it('that cannot be decrypted fails the attempt with an error', async () => {
      await withdraw();
      const box = createSecretBox(Buffer.alloc(32, 7));
      expect(await deliver({ box })).toBe(1);
      expect(receiver().received).toEqual([]);
      expect(await listed()).toMatchObject([
        {
          status: 'pending',
          attempts: 1,
          response_status: null,
          error: 'The signing secret was encrypted under another master key; register the webhook again',
        },
      ]);
    });
  });
});

it('the schedule has attempts at 0, 1 min, 5 min, 30 min, 2 h, 12 h and 24 h', () => {
  const minutes = [1, 2, 3, 4, 5, 6, 7].map((attempts) => (getRetryDelay(attempts) ?? Number.NaN) / 60_000);
  expect(minutes).toEqual([1, 4, 25, 90, 600, 720, Number.NaN]);
});

describe('WebhookDispatcher', () => {
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

  it('does not delay other receivers for a slow one, which gets one delivery at a time', async () => {
    slow.respondWith = 'hang';
    await pay();
    await expect.poll(() => [slow.received.length, quick.received.length], WAIT).toEqual([1, 1]);
    await pay();
    await expect.poll(() => quick.received.length, WAIT).toBe(2);
    await expect.poll(attempts, WAIT).toBe(2);
    expect(slow.received).toHaveLength(1);
    slow.respondWith = 200;
    slow.release();
    await expect.poll(() => slow.received.length, WAIT).toBe(2);
    await expect.poll(attempts, WAIT).toBe(4);
  });

  it('uses a slot again as soon as its attempt ends: a slow response costs one slot', async () => {
    const before = quick.received.length;
    quick.respondWith = 'hang';
    await pay();
    await expect.poll(() => quick.received.length, WAIT).toBe(before + 1);
    quick.respondWith = 200;
    for (let index = 0; index < 30; index += 1) await pay();
    await expect.poll(() => quick.received.length, WAIT).toBe(before + 31);
    quick.release();
  });
});
