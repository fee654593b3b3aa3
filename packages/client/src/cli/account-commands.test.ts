import { createTestTerminal, setUpCli } from '@cpg/test-support/client/cli';
import { BALANCE, createTransaction } from '@cpg/test-support/client/fixtures';
import { ok, RawServer, reject } from '@cpg/test-support/raw-server';
import { describe, expect, it, vi } from 'vitest';
import { run } from './program.ts';

const { cpg, gateway, environment } = setUpCli(run);

const TO = '0x52908400098527886E0F7030069857D2E4169EE7';
const USDT = {
  ...{
    currency: 'USDT',
    network: 'ETH',
    name: 'Tether',
    is_token: true,
    contract_address: null,
    decimals: 6,
  },
  ...{ deposit_enabled: true, withdrawal_enabled: false, min_deposit_amount: '1.000000000000000000' },
  ...{ min_withdrawal_amount: '0.500000000000000000', withdrawal_fee_flat: '5.000000000000000000' },
  withdrawal_fee_percent: '1.000000',
};
const DEPOSIT_ADDRESS = {
  ...{ request_id: 5, address: TO, network: 'ETH', currency: 'USDT', contract_address: null },
  ...{ user_identifier: 'u-1', display_expires_at: '2025-05-17T03:00:00+00:00' },
  created_at: '2025-05-17T00:00:00+00:00',
};
const DEPOSIT_REQUEST = {
  ...{
    request_id: 5,
    address: TO,
    network: 'ETH',
    currency: 'USDT',
    user_identifier: null,
    status: 'active',
  },
  ...{ display_expires_at: '2025-05-17T03:00:00+00:00', created_at: '2025-05-17T00:00:00+00:00' },
  transactions: [
    {
      ...{ tx_hash: '0xabc', amount_decimal: '25.000000', confirmations: 12, status: 'confirmed' },
      ...{ block_number: 1, detected_at: '2025-05-17T00:00:00+00:00', confirmed_at: null },
    },
  ],
};

describe('cpg ping and balances', () => {
  it('pings', async () => {
    gateway().reply('ping', { data: { pong: true } });
    expect(await cpg(['ping'])).toEqual({ code: 0, out: 'pong (1 attempt).', err: '' });
  });

  it.each(['HTTPS_PROXY', 'https_proxy', 'all_proxy'])(
    'goes through the proxy that %s names',
    async (name) => {
      const proxy = await RawServer.start(() => interrupt());
      vi.stubEnv(name, proxy.url);
      const env = { ...environment('https://gateway.example'), [name]: proxy.url };
      const { terminal, interrupt } = createTestTerminal({ env });
      expect(await run(['balances'], terminal)).toBe(130);
      vi.unstubAllEnvs();
      expect(proxy.requests[0]?.requestLine).toBe('CONNECT gateway.example:443 HTTP/1.1');
      await proxy.stop();
    },
  );

  it('prints balances as a table with right-aligned amounts', async () => {
    const small = {
      ...BALANCE,
      currency: 'BTC',
      network: 'BTC',
      balance: '0.15000000',
      held: '0.00000000',
      available: '0.15000000',
    };
    gateway().reply('balances.list', { data: [small, BALANCE] });
    expect((await cpg(['balances', '--currency', 'usdt', '--network', 'eth'])).out).toBe(
      [
        'CURRENCY  NETWORK      BALANCE        HELD    AVAILABLE',
        'BTC       BTC       0.15000000  0.00000000   0.15000000',
        'USDT      ETH      1500.000000  200.000000  1300.000000',
      ].join('\n'),
    );
    expect(gateway().requests[0]?.target).toBe('/v1/balances?currency=usdt&network=eth');
  });

  it('prints balances as JSON', async () => {
    gateway().reply('balances.list', { data: [BALANCE] });
    expect(JSON.parse((await cpg(['balances', '--json'])).out)).toMatchObject({
      data: [BALANCE],
      data_count: 1,
    });
  });

  it('does not let a server steer the terminal', async () => {
    gateway().reply('balances.list', { data: [{ ...BALANCE, currency: '\u001b[2J' }] });
    expect((await cpg(['balances'])).out).not.toContain('\u001b');
  });
});

describe('cpg ping with a wrong clock', () => {
  it.each([
    [600, 'ahead'],
    [-600, 'behind'],
  ])('by %i s says so', async (skew, word) => {
    const elsewhere = await RawServer.start((socket, _, index) => {
      const headers = { Date: new Date(Date.now() + skew * 1000).toUTCString() };
      if (index > 0) return ok(socket, { pong: true }, headers);
      return reject(socket, [401, 'Request timestamp is outside the allowed window'], headers);
    });
    const { out } = await cpg(['ping'], { env: { ...environment(), CPG_BASE_URL: elsewhere.url } });
    expect(out).toMatch(
      new RegExp(`^pong \\(2 attempts\\)\\. The gateway's clock is (?:599|60[01])(?:\\.\\d+)? s ${word}\\.$`),
    );
    await elsewhere.stop();
  });
});

describe('cpg transactions', () => {
  it('prints one page and reports that more exist', async () => {
    gateway().reply('transactions.list', { data: [createTransaction(9)], next_cursor: 9, has_more: true });
    const { out, err } = await cpg(['transactions', '--limit', '1']);
    expect(out.split('\n')[1]).toBe(
      '9   2025-05-17T00:00:00+00:00  deposit    confirmed  1.000000  USDT      ETH      0x9'.replace(
        '9   ',
        ' 9  ',
      ),
    );
    expect(err).toBe('More rows exist: pass --all or --cursor 9.');
    expect(gateway().requests).toHaveLength(1);
  });

  it('prints all pages with progress', async () => {
    gateway().reply(
      'transactions.list',
      { data: [createTransaction(9), createTransaction(8)], next_cursor: 8, has_more: true },
      { data: [createTransaction(7)] },
    );
    const { out, err } = await cpg(['transactions', '--all', '--json', '--direction', 'deposit']);
    expect(JSON.parse(out)).toEqual({
      success: true,
      message: 'OK',
      data: [createTransaction(9), createTransaction(8), createTransaction(7)],
      data_count: 3,
      next_cursor: null,
      has_more: false,
    });
    expect(err).toBe('2 transactions …\n3 transactions');
    expect(gateway().requests.map(({ target }) => target)).toEqual([
      '/v1/transactions?limit=200&direction=deposit',
      '/v1/transactions?limit=200&direction=deposit&cursor=8',
    ]);
  });
});

it('keeps the rows of the pages before the one that failed, with the cursor to continue from', async () => {
  gateway().reply(
    'transactions.list',
    { data: [createTransaction(9)], next_cursor: 9, has_more: true },
    { rejection: 'missing_permission' },
  );
  const { code, out } = await cpg(['transactions', '--all', '--json']);
  expect([code, JSON.parse(out)]).toMatchObject([
    1,
    { success: false, data: [createTransaction(9)], next_cursor: 9, error: { code: 'permission_denied' } },
  ]);
});

describe('cpg currencies and hot-wallet', () => {
  it('print tables, fields and envelopes', async () => {
    gateway().reply('currencies.list', { data: [USDT] });
    gateway().reply('hotWallet.get', { data: { network: 'ETH', address: TO } });
    expect((await cpg(['currencies'])).out).toBe(
      [
        'CURRENCY  NETWORK  DECIMALS  DEPOSIT  MIN DEPOSIT  WITHDRAWAL  MIN WITHDRAWAL  FEE  FEE %',
        'USDT      ETH             6  yes                1  no                     0.5    5      1',
      ].join('\n'),
    );
    expect(JSON.parse((await cpg(['currencies', '--json'])).out)).toMatchObject({
      data: [USDT],
      data_count: 1,
    });
    expect((await cpg(['hot-wallet', '--network', 'eth'])).out).toBe(`network  ETH\naddress  ${TO}`);
    expect(gateway().requests.at(-1)?.target).toBe('/v1/hot-wallet-address?network=eth');
  });
});

describe('cpg deposit-address and deposit-request', () => {
  it('print the idempotency key before it is sent, and the payments', async () => {
    gateway().reply('depositAddresses.create', { data: DEPOSIT_ADDRESS });
    gateway().reply('depositRequests.get', { data: DEPOSIT_REQUEST });
    const created = await cpg([
      'deposit-address',
      '--currency',
      'USDT',
      '--network',
      'ETH',
      '--user',
      'u-1',
      '--json',
    ]);
    const { idempotency_key, data } = JSON.parse(created.out);
    expect(data).toEqual(DEPOSIT_ADDRESS);
    expect(created.err).toBe(`Reference ${idempotency_key}`);
    expect(gateway().requests[0]?.body).toEqual({
      ...{ currency: 'USDT', network: 'ETH', idempotency_key, user_identifier: 'u-1' },
    });
    const waited = await cpg(['deposit-request', '5', '--wait']);
    expect(waited.out).toMatch(/^request_id +5$/m);
    expect(waited.out).toMatch(/^2025-05-17T00:00:00\+00:00 +confirmed +25\.000000 +12 +0xabc$/m);
  });
});

it('escapes control and invisible characters of a response', async () => {
  gateway().reply('balances.list', { data: [{ ...BALANCE, currency: 'US…D\u202e\x1b\u0085\n' }] });
  const { out } = await cpg(['balances']);
  expect(out).toContain('US…D\\u{202e}␛\\u{85}␊');
});
