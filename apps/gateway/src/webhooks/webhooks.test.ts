import {
  createSigningKey,
  isKnownWebhookEvent,
  isRejection,
  parseWebhookEvent,
  verifyWebhook,
} from '@cpg/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FAILING_ADDRESS } from '../chain/simulated-chain.ts';
import { sweepDeposit } from '../chain/sweep-deposit.ts';
import { settleWithdrawal } from '../ledger/settle-withdrawal.ts';
import { createSecretBox } from '../secrets/secret-box.ts';
import { describeOnEachDatabase } from '../testing/describe-on-each-database.ts';
import { TEST_NOW, type TestGateway } from '../testing/test-gateway.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../testing/webhook-receiver.ts';
import { type DeliveryServices, deliverDue, findDueEndpoints } from './deliver-due.ts';
import { registerWebhook } from './webhook-endpoints.ts';

const SECRET = 'whsec_of-this-test';
const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    gateway = await start();
    // Deliveries are made by the tests alone.
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
  const deliverAll = async (services: DeliveryServices) => {
    let attempted = 0;
    for (const id of await findDueEndpoints(services)) attempted += await deliverDue(services, id);
    return attempted;
  };
  const deliver = (timeoutMs?: number) =>
    deliverAll({ ...gateway, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  const pass = (seconds: number) => gateway.clock.freeze(gateway.clock.now() + seconds * 1000);
  const post = (target: string, body: unknown) => gateway.call(target, { method: 'POST', body });
  const withdraw = (differences: Record<string, unknown> = {}) =>
    post('/v1/withdrawals', {
      currency: 'USDT',
      network: 'ETH',
      to_address: ADDRESS,
      amount: '10',
      ...differences,
    });
  const sandbox = async (path: string, method = 'GET') =>
    ((await (await fetch(`${gateway.url}/_sandbox${path}`, { method })).json()) as { readonly data: unknown })
      .data;
  const listed = async () => (await sandbox('/deliveries')) as readonly { readonly id: string }[];

  const readReceived = () =>
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
      expect(headers['x-cpg-event']).toBe(event.event);
      return event;
    });

  describe('the events of a withdrawal', () => {
    it('tell of its broadcast and its confirmation', async () => {
      await withdraw({ client_reference: 'order-1' });
      await deliver();
      pass(3);
      await gateway.chain.advance();
      await deliver();
      const data = {
        withdrawal_id: 1002,
        client_reference: 'order-1',
        currency: 'USDT',
        network: 'ETH',
        to_address: ADDRESS,
        amount: '10.000000',
        fee: '5.000000',
        status: 'broadcasted',
        tx_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
        error_message: null,
      };
      expect(readReceived()).toEqual([
        {
          id: 1,
          event: 'withdrawal.broadcasted',
          created_at: '2027-01-15T08:00:00Z',
          api_version: '1',
          data,
        },
        {
          id: 2,
          event: 'withdrawal.confirmed',
          created_at: '2027-01-15T08:00:03Z',
          api_version: '1',
          data: { ...data, status: 'confirmed' },
        },
      ]);
    });

    it('tell of its failure, and why', async () => {
      await withdraw({ to_address: FAILING_ADDRESS });
      pass(3);
      await gateway.chain.advance();
      await deliver();
      expect(
        readReceived()
          .map(({ event }) => event)
          .sort(),
      ).toEqual(['withdrawal.broadcasted', 'withdrawal.failed']);
      const failed = readReceived().find(({ event }) => event === 'withdrawal.failed');
      expect(failed?.data).toMatchObject({
        status: 'failed',
        error_message: 'Transaction failed on the network',
      });
    });
  });

  describe('the events of a deposit', () => {
    it('tell of its detection, its confirmation and its sweep', async () => {
      const { data } = (
        await post('/v1/deposit-addresses', { currency: 'BTC', network: 'BTC', user_identifier: 'u-1' })
      ).body;
      const { request_id, address } = data as { readonly request_id: number; readonly address: string };
      const paid = await fetch(`${gateway.url}/_sandbox/deposits`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ request_id, amount: '0.5' }),
      });
      const { id } = ((await paid.json()) as { readonly data: { readonly id: number } }).data;
      await deliver();
      pass(3);
      await gateway.chain.advance();
      await deliver();
      await sweepDeposit(gateway, id);
      pass(3);
      await gateway.chain.advance();
      await deliver();
      const deposit = {
        deposit_request_id: request_id,
        user_identifier: 'u-1',
        address,
        currency: 'BTC',
        network: 'BTC',
        amount: '0.50000000',
        tx_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      };
      const events = readReceived();
      expect(events.map(({ id: eventId, event, data: told }) => ({ eventId, event, told }))).toEqual([
        { eventId: 1, event: 'deposit.detected', told: { ...deposit, confirmations: 0, block_number: null } },
        {
          eventId: 2,
          event: 'deposit.confirmed',
          told: { ...deposit, confirmations: 2, block_number: expect.any(Number) },
        },
        {
          eventId: 3,
          event: 'deposit.swept',
          told: { ...deposit, confirmations: 4, block_number: expect.any(Number) },
        },
      ]);
    });
  });

  describe('the outbox', () => {
    it('holds no event of a change that was rolled back', async () => {
      const count = async () => (await gateway.db.selectFrom('webhook_event').select('id').execute()).length;
      await withdraw();
      expect(await count()).toBe(1);
      await gateway.db
        .updateTable('balance')
        .set({ held: '0' })
        .where('account_id', '=', 'acct_demo')
        .execute();
      const at = new Date(gateway.clock.now());
      await expect(
        settleWithdrawal(gateway.db, { id: 1002, outcome: 'confirmed', errorMessage: null, at }),
      ).rejects.toThrow();
      expect(await count()).toBe(1);
    });

    it('is not delivered to other accounts', async () => {
      await gateway.call('/v1/withdrawals', {
        keyId: 'ck_demo_other',
        method: 'POST',
        body: { currency: 'USDT', network: 'ETH', to_address: ADDRESS, amount: '10' },
      });
      expect([await deliver(), await gateway.chain.advance()]).toEqual([0, undefined]);
      expect(receiver.received).toEqual([]);
    });

    it('is delivered once by concurrent processes', async () => {
      await Promise.all(Array.from({ length: 8 }, () => withdraw()));
      await Promise.all(Array.from({ length: 4 }, () => deliver()));
      expect(new Set(readReceived().map(({ id }) => id)).size).toBe(8);
      expect(receiver.received).toHaveLength(8);
    });
  });

  describe('retries', () => {
    it('come at 0, 1 min, 5 min, 30 min, 2 h, 12 h and 24 h, then the delivery is dead until requeued', async () => {
      receiver.answer = 500;
      await withdraw();
      const minutes: number[] = [];
      for (let second = 0; second <= 30 * 3600; second += 30) {
        const before = receiver.received.length;
        await deliver();
        if (receiver.received.length > before) minutes.push(second / 60);
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

      receiver.answer = 204;
      expect(await sandbox(`/deliveries/${dead?.id}/requeue`, 'POST')).toEqual({ done: true });
      await deliver();
      expect((await listed())[0]).toMatchObject({ status: 'delivered', attempts: 1, response_status: 204 });
      expect(await deliver()).toBe(0);
    });

    it('send the same bytes and the same delivery id, signed anew', async () => {
      receiver.answer = 503;
      await withdraw();
      await deliver();
      pass(60);
      receiver.answer = 200;
      await deliver();
      const [first, second] = receiver.received;
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
      receiver.answer = answer;
      await withdraw();
      await (answer === 'hang' ? deliver(500) : deliver());
      expect(await listed()).toMatchObject([{ status: 'pending', attempts: 1, response_status, error }]);
      expect(receiver.received.map(({ path }) => path)).toEqual(['/hooks']);
    });

    it('follow a receiver that cannot be reached', async () => {
      await receiver.close();
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
      await gateway.db
        .updateTable('webhook_delivery')
        .set({ claimed_until: new Date((TEST_NOW + 60) * 1000) })
        .execute();
      expect(await deliver()).toBe(0);
      pass(61);
      expect(await deliver()).toBe(1);
      expect(receiver.received).toHaveLength(1);
    });
  });

  describe('an attempt that outlives its claim', () => {
    it('does not undo the delivery that another one made', async () => {
      receiver.answer = 'hang';
      await withdraw();
      const late = deliver();
      await expect.poll(() => receiver.received.length, { timeout: 30_000 }).toBe(1);
      await gateway.db.updateTable('webhook_delivery').set({ claimed_until: null }).execute();
      receiver.answer = 200;
      expect(await deliver()).toBe(1);
      await receiver.close();
      await late;
      expect(await listed()).toMatchObject([{ status: 'delivered', attempts: 1, response_status: 200 }]);
    });
  });

  describe('the rules', () => {
    it('are applied at delivery too, when the configuration has changed since', async () => {
      await withdraw();
      await deliverAll({ ...gateway, rules: { allowedHosts: [], sandbox: false } });
      expect(receiver.received).toEqual([]);
      expect(await listed()).toMatchObject([
        { status: 'pending', error: 'url: Input should be an https URL' },
      ]);
    });
  });

  describe('the signing secret', () => {
    it('can be replaced, and is nowhere in the database in the clear', async () => {
      await register('whsec_the-newer-one');
      const rows = await gateway.db.selectFrom('webhook_endpoint').selectAll().execute();
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).not.toContain('the-newer-one');
      await withdraw();
      await deliver();
      expect(readReceived).toThrow('Invalid signature');
    });

    it('that cannot be opened is an attempt that failed, and says so', async () => {
      await withdraw();
      const box = createSecretBox(Buffer.alloc(32, 7));
      expect(await deliverAll({ ...gateway, box })).toBe(1);
      expect(receiver.received).toEqual([]);
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
