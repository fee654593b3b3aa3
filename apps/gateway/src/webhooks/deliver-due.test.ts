import { describe, expect, it } from 'vitest';
import { createSecretBox } from '../secrets/secret-box.ts';
import { describeOnEachDatabase } from '../testing/describe-on-each-database.ts';
import { TEST_NOW } from '../testing/test-gateway.ts';
import { webhookCalls } from '../testing/webhook-calls.ts';
import { registerWebhook } from './webhook-endpoints.ts';

describeOnEachDatabase((start) => {
  const { gateway, receiver, register, deliver, pass, withdraw, readReceived } = webhookCalls(start);
  const sandbox = async (path: string, method = 'GET') => {
    const response = await fetch(`${gateway().operationsUrl}/_sandbox${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
    });
    return ((await response.json()) as { readonly data: unknown }).data;
  };
  const listed = async () => (await sandbox('/deliveries')) as readonly { readonly id: string }[];

  describe('retries', () => {
    it('come at 0, 1 min, 5 min, 30 min, 2 h, 12 h and 24 h, then the delivery is dead until requeued', async () => {
      receiver().answer = 500;
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

      receiver().answer = 204;
      expect(await sandbox(`/deliveries/${dead?.id}/requeue`, 'POST')).toEqual({ done: true });
      await deliver();
      expect((await listed())[0]).toMatchObject({ status: 'delivered', attempts: 1, response_status: 204 });
      expect(await deliver()).toBe(0);
    });

    it('send the same bytes and the same delivery id, signed anew', async () => {
      receiver().answer = 503;
      await withdraw();
      await deliver();
      pass(60);
      receiver().answer = 200;
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
      ['hang', null, 'No answer within 0.5 s'],
    ])('follow an answer of %s', async (answer, response_status, error) => {
      receiver().answer = answer;
      await withdraw();
      await (answer === 'hang' ? deliver({ timeoutMs: 500 }) : deliver());
      expect(await listed()).toMatchObject([{ status: 'pending', attempts: 1, response_status, error }]);
      expect(receiver().received.map(({ path }) => path)).toEqual(['/hooks']);
    });

    it('follow a receiver that cannot be reached', async () => {
      await receiver().close();
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

    it('take over what a process that died had claimed', async () => {
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

  describe('an attempt that outlives its claim', () => {
    it('does not undo the delivery that another one made', async () => {
      receiver().answer = 'hang';
      await withdraw();
      const late = deliver();
      await expect.poll(() => receiver().received.length, { timeout: 30_000 }).toBe(1);
      await gateway().db.updateTable('webhook_delivery').set({ claimed_until: null }).execute();
      receiver().answer = 200;
      expect(await deliver()).toBe(1);
      await receiver().close();
      await late;
      expect(await listed()).toMatchObject([{ status: 'delivered', attempts: 1, response_status: 200 }]);
    });
  });

  describe('the rules', () => {
    it('are applied at delivery too, when the configuration has changed since', async () => {
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
      '%s is not registered, and not dialled when it is there already',
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
    it('can be replaced, and is nowhere in the database in the clear', async () => {
      await register('whsec_the-newer-one');
      const rows = await gateway().db.selectFrom('webhook_endpoint').selectAll().execute();
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).not.toContain('the-newer-one');
      await withdraw();
      await deliver();
      expect(readReceived).toThrow('Invalid signature');
    });

    it('that cannot be opened is an attempt that failed, and says so', async () => {
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
