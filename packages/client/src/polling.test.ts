import { NOW, startServerAndClient, stopAll } from '@cpg/test-support/client/fixtures';
import { ok, reject } from '@cpg/test-support/raw-server';
import { afterEach, describe, expect, it } from 'vitest';

afterEach(stopAll);

const withdrawal = (status: string) => ({
  id: 7,
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount: '100.000000',
  fee: '5.000000',
  status,
  tx_hash: null,
  error_message: null,
  requested_at: '2025-05-17T00:00:00+00:00',
  broadcast_at: null,
  confirmed_at: null,
});

const depositRequest = (...statuses: string[]) => ({
  request_id: 3,
  address: '0x1',
  network: 'ETH',
  currency: 'USDT',
  user_identifier: null,
  status: 'active',
  display_expires_at: '2025-05-17T03:00:00+00:00',
  created_at: '2025-05-17T00:00:00+00:00',
  transactions: statuses.map((status) => ({
    tx_hash: '0x2',
    amount_decimal: '10.000000',
    confirmations: 1,
    status,
    block_number: null,
    detected_at: '2025-05-17T00:00:00+00:00',
    confirmed_at: null,
  })),
});

describe('withdrawals.waitUntilFinal', () => {
  it.each(['confirmed', 'failed'])('reads at growing intervals until the withdrawal is %s', async (final) => {
    const states = ['pending', 'broadcasted', 'a state of a later version', final];
    const { time, client } = await startServerAndClient((socket, _, index) =>
      ok(socket, withdrawal(states[index] ?? final)),
    );
    const { data } = await client.withdrawals.waitUntilFinal(7);
    expect(data.status).toBe(final);
    expect(time.sleeps).toEqual([1_000, 1_500, 2_250]);
  });

  it('continues when the gateway is unavailable for a while', async () => {
    const { client } = await startServerAndClient((socket, _, index) =>
      index < 10 ? reject(socket, [503, 'x']) : ok(socket, withdrawal('confirmed')),
    );
    expect((await client.withdrawals.waitUntilFinal(7)).data.status).toBe('confirmed');
  });

  it('fails at its deadline', async () => {
    const { time, client } = await startServerAndClient((socket) => ok(socket, withdrawal('broadcasted')));
    await expect(client.withdrawals.waitUntilFinal(7, { deadlineMs: 60_000 })).rejects.toMatchObject({
      code: 'deadline_exceeded',
      message: 'withdrawals.waitUntilFinal: not finished within 60000 ms.',
    });
    expect(time.now() - NOW).toBeLessThanOrEqual(60_000);
    expect(Math.max(...time.sleeps)).toBeLessThanOrEqual(15_000);
  });

  it('ends with its signal, and immediately for an error that is not retryable', async () => {
    const controller = new AbortController();
    const { server, client } = await startServerAndClient((socket, _, index) => {
      if (index === 1) controller.abort();
      if (index === 2) reject(socket, [404, 'Not found']);
      else ok(socket, withdrawal('pending'));
    });
    await expect(client.withdrawals.waitUntilFinal(7, { signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    await expect(client.withdrawals.waitUntilFinal(8)).rejects.toMatchObject({ code: 'not_found' });
    expect(server.requests).toHaveLength(3);
  });
});

describe('depositRequests.waitForDeposit', () => {
  it.each([
    [undefined, 4],
    ['confirmed', 4],
    ['detected', 3],
  ] as const)('until %s needs %i reads', async (until, reads) => {
    const states = [[], ['failed'], ['failed', 'detected'], ['failed', 'confirmed']];
    const { server, client } = await startServerAndClient((socket, _, index) =>
      ok(socket, depositRequest(...(states[index] ?? []))),
    );
    await client.depositRequests.waitForDeposit(3, { until });
    expect(server.requests).toHaveLength(reads);
  });
});
