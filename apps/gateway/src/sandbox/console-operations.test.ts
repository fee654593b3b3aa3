import { type AddressInfo, createServer } from 'node:net';
import type {
  ConsoleCurrency,
  ConsoleDelivery,
  ConsoleKey,
  CreatedKey,
  CreatedWebhook,
  DeliveryDetail,
  Page,
  Receiver,
} from '@cpg/console/api';
import { createSigningKey } from '@cpg/protocol';
import { DONE, NOT_FOUND, rejection, sandboxCalls } from '@cpg/test-support/gateway/sandbox-calls';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';

const { gateway, send, post } = sandboxCalls();
const read = async <Data>(path: string) => (await send('GET', path)).body.data as Data;
const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

describe('/_sandbox/keys', () => {
  const create = async (body: object = {}) => (await post('/keys', body)).body.data as CreatedKey;
  const find = async (id: string) =>
    (await read<readonly ConsoleKey[]>('/keys')).find(({ key_id }) => key_id === id) as ConsoleKey;
  const ping = async ({ key_id: keyId, secret }: CreatedKey) =>
    (await gateway().call('/v1/_ping', { keyId, key: createSigningKey(secret) })).status;

  it('creates a key that signs requests, counts its requests, and shows its secret once', async () => {
    const key = await create({ label: 'Shop', rate_limit_per_minute: 5, source_ips: ['127.0.0.1'] });
    expect(key).toEqual({
      key_id: expect.stringMatching(/^ck_[0-9a-f]{24}$/),
      secret: expect.stringMatching(/^cpg_[\w-]{43}$/),
    });
    expect(await ping(key)).toBe(200);
    await expect.poll(async () => (await find(key.key_id)).requests_last_minute).toBe(1);
    expect(await find(key.key_id)).toMatchObject({
      ...{ account_id: 'acct_demo', label: 'Shop', source_ips: ['127.0.0.1'], rate_limit_per_minute: 5 },
      ...{ revoked_at: null, overlap_until: null, last_used_at: '2027-01-15T08:00:00.000Z' },
    });
    expect(JSON.stringify(await read('/keys'))).not.toContain(key.secret);
  });

  it('changes, rotates with an overlap, and revokes', async () => {
    const key = await create();
    const path = `/keys/${key.key_id}`;
    const settings = { label: 'Other', permissions: ['read_balance'], rate_limit_per_minute: 7 };
    expect(await send('PATCH', path, settings)).toEqual(DONE);
    const rotated = (await post(`${path}/rotate`, { overlap_hours: 1 })).body.data as CreatedKey;
    expect(rotated.secret).not.toBe(key.secret);
    expect(await find(key.key_id)).toMatchObject({ ...settings, overlap_until: '2027-01-15T09:00:00.000Z' });
    expect([await ping(key), await ping(rotated)]).toEqual([200, 200]);
    expect(await post(`${path}/revoke`)).toEqual(DONE);
    expect((await find(key.key_id)).revoked_at).toBe('2027-01-15T08:00:00.000Z');
    for (const again of [post(`${path}/revoke`), post(`${path}/rotate`), send('PATCH', path, settings)])
      expect(await again).toEqual(NOT_FOUND);
  });

  it.each([
    [{ account_id: 'acct_x' }, 'account_id: There is no such account'],
    [{ rate_limit_per_minute: 0 }, 'rate_limit_per_minute: Input should be at least 1'],
    [{ label: 'a\nb' }, 'label: String should be one line'],
  ])('rejects %j', async (body, message) => {
    expect(await post('/keys', body)).toEqual(rejection(message));
  });
});

describe('/_sandbox/webhooks and the built-in receiver', () => {
  const register = async (body: object = {}) => {
    const { url } = await read<Receiver>('/receiver');
    return (await post('/webhooks', { url, ...body })).body.data as CreatedWebhook;
  };
  const receive = async (count: number) => {
    await expect
      .poll(async () => (await read<Receiver>('/receiver')).received.length)
      .toBeGreaterThanOrEqual(count);
    return (await read<Receiver>('/receiver')).received;
  };

  const readDeliveries = async (query = '') =>
    (await read<Page<ConsoleDelivery>>(`/deliveries${query}`)).rows;

  it('pages and filters deliveries, also where one event has several', async () => {
    const first = await register();
    const url = 'http://127.0.0.1:9/second';
    const second = (await post('/webhooks', { url })).body.data as CreatedWebhook;
    await sql`WITH events AS (
        INSERT INTO webhook_event (account_id, event, body, created_at)
        SELECT 'acct_demo', 'deposit.detected', '{}', now() FROM generate_series(1, 30) RETURNING id)
      INSERT INTO webhook_delivery (event_id, endpoint_id, status, next_attempt_at)
      SELECT events.id, endpoint.id, CASE WHEN endpoint.id = ${first.id} THEN 'dead' ELSE 'delivered' END, now()
      FROM events, webhook_endpoint endpoint`.execute(gateway().db);
    const places: string[] = [];
    let cursor: number | string | null = '';
    while (cursor !== null) {
      const page: Page<ConsoleDelivery> = await read(
        `/deliveries?account=acct_demo${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      expect(page.rows.length).toBeLessThanOrEqual(50);
      places.push(...page.rows.map(({ event_id, endpoint_id }) => `${event_id}.${endpoint_id}`));
      cursor = page.next_cursor;
    }
    expect(new Set(places).size).toBe(60);
    const byNumber = (place: string) => Number(place.split('.')[0]) * 1e6 + Number(place.split('.')[1]);
    expect(places).toEqual(places.toSorted((one, other) => byNumber(other) - byNumber(one)));
    const ofSecond = await readDeliveries(`?endpoint=${second.id}`);
    expect(ofSecond.map(({ endpoint_id }) => endpoint_id)).toEqual(Array(30).fill(second.id));
    expect(await readDeliveries(`?endpoint=${second.id}&status=dead`)).toEqual([]);
    expect(await readDeliveries('?status=dead')).toHaveLength(30);
    expect(await readDeliveries('?account=acct_demo_other')).toEqual([]);
    expect(await send('GET', '/deliveries?cursor=x')).toEqual(
      rejection('cursor: Input should be the cursor of a page'),
    );
    expect((await post(`/webhooks/${first.id}/requeue`)).body.data).toEqual({ requeued: 30 });
  });

  it('sends a test event, which the receiver verifies', async () => {
    const { id } = await register({ events: ['withdrawal.failed'] });
    const before = (await read<Receiver>('/receiver')).received.length;
    expect(await post(`/webhooks/${id}/test`, { event: 'deposit.detected' })).toEqual(DONE);
    const [received] = await receive(before + 1);
    expect(received).toMatchObject({ event: 'deposit.detected', verdict: 'valid', status: 200 });
    expect(JSON.parse(received?.body ?? '')).toMatchObject({ data: { deposit_request_id: 0 } });
  });

  it('delivers the chosen events only', async () => {
    const { id } = await register({ events: ['withdrawal.failed'] });
    const withdrawal = { currency: 'ETH', network: 'ETH', amount: '0.1', to_address: ADDRESS };
    await post('/withdrawals', withdrawal);
    expect(await readDeliveries()).toEqual([]);
    expect(await send('PATCH', `/webhooks/${id}`, { events: ['withdrawal.broadcasted'] })).toEqual(DONE);
    await post('/withdrawals', withdrawal);
    await post('/payments', { currency: 'USDT', network: 'ETH', amount: '1' });
    expect(await readDeliveries()).toMatchObject([{ event: 'withdrawal.broadcasted', endpoint_id: id }]);
  });

  it('shows request and attempts of a delivery, and requeues many', async () => {
    await send('PUT', '/receiver', { respond_with: 500 });
    const { id, secret } = await register();
    await post(`/webhooks/${id}/test`, {});
    const first = async () => (await readDeliveries())[0] as ConsoleDelivery;
    await expect.poll(async () => (await first()).response_status).toBe(500);
    const delivery = await first();
    const detail = await read<DeliveryDetail>(`/deliveries/${delivery.id}`);
    expect(detail).toMatchObject({ event: 'deposit.confirmed', status: 'pending' });
    const [attempt] = detail.attempts;
    expect(attempt).toMatchObject({
      response_status: 500,
      error: null,
      response_body: '{"received":false}',
      response_is_cut: false,
    });
    expect(attempt?.request_head).toMatch(/^POST \/_sandbox\/receiver\/inbox HTTP\/1\.1\n/);
    expect(attempt?.response_head).toMatch(/^HTTP\/1\.1 500 Internal Server Error\n/);
    expect(JSON.stringify(detail)).not.toContain(secret);
    await send('PUT', '/receiver', { respond_with: 200 });
    expect((await post('/deliveries/requeue', { ids: [delivery.id] })).body.data).toEqual({ requeued: 1 });
    await expect.poll(async () => (await first()).status).toBe('delivered');
    expect(await readDeliveries('?status=dead')).toEqual([]);
  });

  it('shows the request of an attempt as it was sent, without its signature', async () => {
    const received: string[] = [];
    const server = createServer((socket) => {
      socket.on('data', (bytes) => {
        received.push(bytes.toString());
        socket.end('HTTP/1.1 204 No Content\r\n\r\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks?shop=1`;
    const { id } = (await post('/webhooks', { url })).body.data as CreatedWebhook;
    await post(`/webhooks/${id}/test`, {});
    await expect.poll(async () => (await readDeliveries())[0]?.status).toBe('delivered');
    const { body, attempts } = await read<DeliveryDetail>(`/deliveries/${(await readDeliveries())[0]?.id}`);
    const signature = /X-CPG-Signature: ([0-9a-f]{64})/i.exec(received.join(''))?.[1] ?? '(none)';
    const shown = `${attempts[0]?.request_head}\n\n${body}`;
    expect(shown).not.toContain(signature);
    expect(shown.split('\n')).toEqual(
      received.join('').replace(signature, '… (64 hex digits, hidden)').split('\r\n'),
    );
    server.close();
  });

  it('explains a wrong signature to the receiver', async () => {
    await register();
    await fetch((await read<Receiver>('/receiver')).url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-cpg-timestamp': '1800000000',
        'x-cpg-signature': 'ab',
      },
      body: '{}',
    });
    expect((await read<Receiver>('/receiver')).received[0]).toMatchObject({
      body: '{}',
      verdict: expect.stringMatching(/signature|headers/i),
    });
  });

  it.each([
    [{ events: [] }, 'events: Choose at least one event'],
    [{ events: ['x'] }, /^events\.0: Input should be one of deposit\.detected, /],
  ])('rejects %j', async (body, message) => {
    const { url } = await read<Receiver>('/receiver');
    expect(await post('/webhooks', { url, ...body })).toMatchObject({
      status: 422,
      body: { message: expect.stringMatching(message) },
    });
  });
});

describe('/_sandbox/currencies and accounts', () => {
  const find = async (account: string) =>
    (await read<readonly ConsoleCurrency[]>(`/currencies?account=${account}`)).find(
      ({ currency, network }) => currency === 'USDT' && network === 'TRX',
    );

  it('turns deposits and withdrawals of an account off, and changes the terms for all', async () => {
    const path = '/currencies/usdt/trx';
    const access = { deposit_enabled: false, withdrawal_enabled: true };
    expect(await send('PUT', `${path}/access`, access)).toEqual(DONE);
    const terms = { min_withdrawal_amount: '20', withdrawal_fee_flat: '2', withdrawal_fee_percent: '0.5' };
    expect(await send('PATCH', path, terms)).toEqual(DONE);
    expect(await find('acct_demo')).toMatchObject({ ...access, ...terms, active: true });
    const rejected = await gateway().call('/v1/deposit-addresses', {
      method: 'POST',
      body: { currency: 'USDT', network: 'TRX' },
    });
    expect(rejected.body.message).toBe('Deposits are not enabled for this currency');
    expect(await send('PATCH', path, {})).toEqual(rejection('Nothing to change'));
    expect(await send('PATCH', '/currencies/x/y', terms)).toEqual(NOT_FOUND);
  });

  it('creates an account that can use every currency', async () => {
    expect((await post('/accounts', { id: 'acct_new' })).body.data).toEqual({ id: 'acct_new' });
    expect(await post('/accounts', { id: 'acct_new' })).toEqual(rejection('id: This account already exists'));
    expect(await find('acct_new')).toMatchObject({ deposit_enabled: true, withdrawal_enabled: true });
  });
});

describe('/_sandbox ledger', () => {
  it('pages transactions, withdrawals, deposit requests and entries', async () => {
    for (const path of ['/transactions', '/withdrawals', '/deposit-requests', '/ledger-entries']) {
      const { rows, next_cursor } = await read<Page<{ readonly id?: number }>>(path);
      expect({ path, next_cursor, isArray: Array.isArray(rows) }).toEqual({
        path,
        next_cursor: null,
        isArray: true,
      });
    }
    const body = { currency: 'USDT', network: 'ETH', user_identifier: 'u1' };
    const created = (await post('/deposit-requests', body)).body.data;
    expect(created).toMatchObject({ ...body, address: expect.stringMatching(/^0x[0-9A-Fa-f]{40}$/) });
    expect((await read<Page<unknown>>('/deposit-requests')).rows).toEqual([created]);
    const withdrawals = await read<Page<{ readonly id: number }>>('/withdrawals');
    expect(withdrawals.rows.map(({ id }) => id)).toEqual([1001]);
    expect((await read<Page<unknown>>('/withdrawals?cursor=1001')).rows).toEqual([]);
    expect((await read<Page<unknown>>('/ledger-entries')).rows).toHaveLength(5);
  });

  it('rejects a withdrawal as the API does', async () => {
    const body = { currency: 'ETH', network: 'ETH', amount: '1000', to_address: ADDRESS };
    expect(await post('/withdrawals', body)).toEqual({
      status: 400,
      body: { success: false, message: 'Insufficient available balance' },
    });
  });
});
