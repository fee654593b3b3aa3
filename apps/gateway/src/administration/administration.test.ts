import { type CreateProgram, runAdministration } from '@cpg/test-support/gateway/administration';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_KEYS, ODD_SECRET_KEYS, SINGLE_PERMISSION_KEYS } from '../sandbox/demo.ts';
import { accountsProgram } from './accounts-program.ts';
import { currenciesProgram } from './currencies-program.ts';
import { keysProgram } from './keys-program.ts';
import { webhooksProgram } from './webhooks-program.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await gateway.stopLoops();
});
afterAll(() => gateway.close());

const run = (createProgram: CreateProgram, ...parameters: readonly string[]) =>
  runAdministration(gateway, createProgram, parameters);
const failure = (createProgram: CreateProgram, ...parameters: readonly string[]) =>
  run(createProgram, ...parameters).then(
    () => 'no error',
    ({ message }: Error) => message,
  );
const list = async (createProgram: CreateProgram) => (await run(createProgram, 'list')).trim().split('\n');

describe('a secret that cannot be shown', () => {
  const attempt = (createProgram: CreateProgram, ...parameters: readonly string[]) =>
    runAdministration(gateway, createProgram, {
      parameters,
      printSecret: () => Promise.reject(new Error('the output is closed')),
    }).then(
      () => 'no error',
      ({ message }: Error) => message,
    );
  const readSecrets = async () => ({
    keys: await gateway.db.selectFrom('api_key_secret').selectAll().orderBy('id').execute(),
    webhooks: await gateway.db.selectFrom('webhook_endpoint').selectAll().execute(),
  });

  it('changes nothing: no key, no rotation, no webhook', async () => {
    const url = 'https://example.com/replaced';
    await run(webhooksProgram, 'add', url, '--account', 'acct_demo');
    const before = await readSecrets();
    expect(await attempt(keysProgram, 'create', '--account', 'acct_new', '--create-account')).toBe(
      'the output is closed',
    );
    expect(await attempt(keysProgram, 'rotate', 'ck_demo_full')).toBe('the output is closed');
    expect(await attempt(webhooksProgram, 'add', url, '--account', 'acct_demo')).toBe('the output is closed');
    expect(await readSecrets()).toEqual(before);
    expect((await list(accountsProgram)).join()).not.toContain('acct_new');
    await gateway.db.deleteFrom('webhook_endpoint').execute();
  });
});

describe('gateway:accounts', () => {
  it('creates an account with every currency, renames and lists it', async () => {
    expect(await run(accountsProgram, 'create', 'acct_shop', '--name', 'The shop')).toBe(
      'acct_shop is created. Create a key: npm run gateway:keys -- create --account acct_shop\n',
    );
    expect(await list(accountsProgram)).toContain('acct_shop  The shop  0 active key(s)  0 webhook(s)');
    await run(accountsProgram, 'rename', 'acct_shop', 'Shop');
    expect(await list(accountsProgram)).toContain('acct_shop  Shop  0 active key(s)  0 webhook(s)');
    const active = [...DEMO_KEYS, ...SINGLE_PERMISSION_KEYS, ...ODD_SECRET_KEYS].filter(
      ({ accountId, revokedAt }) => accountId === 'acct_demo' && revokedAt === undefined,
    );
    expect(await list(accountsProgram)).toContain(
      `acct_demo  Demo  ${active.length} active key(s)  0 webhook(s)`,
    );
    const enabled = await gateway.db
      .selectFrom('account_currency')
      .selectAll()
      .where('account_id', '=', 'acct_shop')
      .execute();
    expect(enabled).toHaveLength(4);
  });

  it.each([
    [
      ['create', 'acct_demo_other'],
      'Account acct_demo_other is reserved for the sandbox. Fix: choose another id',
    ],
    [['create', 'a b'], 'Expected 1 to 128 characters of A-Z a-z 0-9 _ - .'],
    [['create', 'acct_x', '--name', 'two\nlines'], 'Expected 1 to 128 characters on one line.'],
    [['rename', 'acct_none', 'x'], 'Account acct_none does not exist.'],
  ])('%j: %s', async (parameters, message) => {
    expect(await failure(accountsProgram, ...parameters)).toContain(message);
  });

  it('does not create an account twice', async () => {
    await run(accountsProgram, 'create', 'acct_twice');
    expect(await failure(accountsProgram, 'create', 'acct_twice')).toBe(
      'Account acct_twice already exists. Fix: choose another id',
    );
  });
});

describe('gateway:currencies', () => {
  const CONTRACT = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';
  const find = async (id: string) =>
    (await list(currenciesProgram)).find((line) => line.startsWith(`${id}  `));
  const readOffered = async () => {
    const { body } = await gateway.call('/v1/currencies');
    return (body.data as { currency: string; deposit_enabled: boolean; withdrawal_enabled: boolean }[]).find(
      ({ currency }) => currency === 'USDC',
    );
  };

  it('adds a currency, changes its terms, and lets an account use it', async () => {
    const add = ['add', 'usdc/eth', '--name', 'USD Coin', '--decimals', '6', '--contract', CONTRACT];
    expect(await run(currenciesProgram, ...add, '--fee-flat', '0.5')).toBe('USDC/ETH is added.\n');
    expect(await find('USDC/ETH')).toBe('USDC/ETH  USD Coin  6 decimals  minimum 0  fee 0.5 + 0 %  active');
    expect(await readOffered()).toBeUndefined();
    await run(currenciesProgram, 'set', 'USDC/ETH', '--min-withdrawal', '10', '--fee-percent', '0.25');
    expect(await find('USDC/ETH')).toBe(
      'USDC/ETH  USD Coin  6 decimals  minimum 10  fee 0.5 + 0.25 %  active',
    );
    const enable = ['enable', 'USDC/ETH', '--account', 'acct_demo'];
    expect(await run(currenciesProgram, ...enable, '--deposits', 'off')).toBe(
      'acct_demo: USDC/ETH deposits off, withdrawals on.\n',
    );
    expect(await readOffered()).toMatchObject({ deposit_enabled: false, withdrawal_enabled: true });
    await run(currenciesProgram, ...enable, '--withdrawals', 'off');
    expect(await readOffered()).toMatchObject({ deposit_enabled: true, withdrawal_enabled: false });
    await run(currenciesProgram, 'set', 'USDC/ETH', '--active', 'off');
    expect(await readOffered()).toBeUndefined();
    expect(await find('USDC/ETH')).toContain('  off');
    expect(await failure(currenciesProgram, ...add)).toBe('USDC/ETH already exists. Fix: change it with set');
  });

  const NEW = ['add', 'NEW/ETH', '--name', 'New', '--decimals'];
  it.each([
    [
      ['add', 'U\u017fDC/ETH', '--name', 'x', '--decimals', '6'],
      'Expected a currency and its network, such as USDT/ETH.',
    ],
    [
      ['add', 'USDC', '--name', 'x', '--decimals', '6'],
      'Expected a currency and its network, such as USDT/ETH.',
    ],
    [['add', 'NEW/SOL', '--name', 'New', '--decimals', '6'], 'No network SOL.'],
    [[...NEW, '19'], 'Expected a whole number from 0 to 18.'],
    [[...NEW, '6', '--contract', '0x12'], '0x12 is not an address of ETH.'],
    [[...NEW, '6', '--fee-flat', '1e2'], 'Expected a decimal such as 0.5, with at most 18 places.'],
    [
      [...NEW, '6', '--fee-percent', '0.1234567'],
      'Expected a percentage such as 0.5, with at most 6 places.',
    ],
    [['set', 'NONE/ETH', '--active', 'on'], 'No currency NONE/ETH.'],
    [['set', 'USDT/ETH', '--active', 'yes'], 'Expected on or off.'],
    [['set', 'USDT/ETH'], 'Nothing to change.'],
    [['enable', 'USDT/ETH', '--account', 'acct_none'], 'Account acct_none does not exist.'],
    [['enable', 'NONE/ETH', '--account', 'acct_demo'], 'No currency NONE/ETH.'],
  ])('%j: %s', async (parameters, message) => {
    expect(await failure(currenciesProgram, ...parameters)).toContain(message);
  });
});

describe('gateway:webhooks', () => {
  const URL = 'https://example.com/hooks';
  const find = async () => (await list(webhooksProgram)).find((line) => line.includes(URL));

  it('registers a webhook, shows its state, resumes, requeues and removes it', async () => {
    const output = await run(webhooksProgram, 'add', URL, '--account', 'acct_demo');
    const [, id = '', secret = ''] = /^webhook (\d+)\nsecret {2}(whsec_\S+)\n/.exec(output) ?? [];
    expect(await find()).toBe(`${id}  acct_demo  ${URL}  ok  0 pending  0 dead`);
    expect((await list(webhooksProgram)).join()).not.toContain(secret);
    await gateway.call('/v1/withdrawals', {
      method: 'POST',
      body: {
        currency: 'USDT',
        network: 'ETH',
        to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
        amount: '10',
      },
    });
    const until = new Date('2100-01-01T00:00:00Z');
    const { db } = gateway;
    await db.updateTable('webhook_endpoint').set({ failures: 7, suspended_until: until }).execute();
    await db.updateTable('webhook_delivery').set({ status: 'dead' }).execute();
    expect(await find()).toBe(
      `${id}  acct_demo  ${URL}  suspended until 2100-01-01T00:00:00.000Z  0 pending  1 dead`,
    );
    expect(await run(webhooksProgram, 'resume', id)).toBe(`Webhook ${id} is not suspended.\n`);
    expect(await find()).toContain('7 attempt(s) without response');
    expect(await run(webhooksProgram, 'requeue', id)).toBe(`1 event(s) of webhook ${id} are due.\n`);
    expect(await find()).toContain('1 pending  0 dead');
    expect(await run(webhooksProgram, 'remove', id)).toBe(`Webhook ${id} is removed.\n`);
    expect(await find()).toBeUndefined();
    const chosen = ['deposit.confirmed', 'withdrawal.failed'];
    await run(webhooksProgram, 'add', URL, '--account', 'acct_demo', '--event', ...chosen);
    expect(await find()).toMatch(/ok {2}0 pending {2}0 dead {2}deposit\.confirmed withdrawal\.failed$/);
  });

  it('chooses events, sends a test event, and shows, pages and repeats deliveries', async () => {
    await gateway.reset();
    const output = await run(webhooksProgram, 'add', URL, '--account', 'acct_demo');
    const id = /^webhook (\d+)/.exec(output)?.[1] ?? '';
    expect(await run(webhooksProgram, 'events', id, 'withdrawal.failed')).toBe(
      `Webhook ${id} gets withdrawal.failed.\n`,
    );
    expect(await find()).toMatch(/ withdrawal\.failed$/);
    expect(await run(webhooksProgram, 'events', id)).toBe(`Webhook ${id} gets all events.\n`);
    for (const event of ['deposit.swept', 'withdrawal.failed'])
      expect(await run(webhooksProgram, 'test', id, '--event', event)).toBe(
        `A test event ${event} of webhook ${id} is due.\n`,
      );
    const [newest = '', older = ''] = (await run(webhooksProgram, 'deliveries', '--limit', '1')).split('\n');
    expect(newest).toMatch(
      /^[0-9a-f-]{36} {2}withdrawal\.failed \d+ {2}webhook \d+ {2}pending {2}0 attempt\(s\) {2}no attempt yet {2}next 2/,
    );
    const next = await run(webhooksProgram, 'deliveries', '--before', older.replace('Older: --before ', ''));
    expect(next).toContain('deposit.swept');
    expect(next).not.toContain('withdrawal.failed');
    expect(await run(webhooksProgram, 'deliveries', '--status', 'dead', '--webhook', id)).toBe('');
    const [delivery = ''] = newest.split(' ');
    const attempt = { delivery_id: delivery, attempted_at: new Date(1_800_000_000_000), duration_ms: 12 };
    const failed = { ...attempt, error: 'timeout', response_status: null, response_head: null };
    const rejected = { ...attempt, error: null, response_status: 500, response_head: 'HTTP/1.1 500 No' };
    const nothing = { request_timestamp: null, response_body: null, response_is_cut: null };
    await gateway.db
      .insertInto('webhook_attempt')
      .values([
        { ...nothing, ...failed },
        { ...nothing, ...rejected, request_timestamp: 1_800_000_000, response_body: '\u001b[2Jred' },
      ])
      .execute();
    await gateway.db.updateTable('webhook_delivery').set({ status: 'dead' }).execute();
    const shown = await run(webhooksProgram, 'delivery', delivery);
    expect(shown).toContain('Attempt 1 at 2027-01-15T08:00:00.000Z, 12 ms\n\nNo response: timeout\n');
    expect(shown).toContain('POST /hooks HTTP/1.1\n');
    expect(shown).toContain('X-CPG-Timestamp: 1800000000\n');
    expect(shown).toContain('HTTP/1.1 500 No\n\n\\u{1b}[2Jred\n');
    expect(await run(webhooksProgram, 'redeliver', delivery)).toBe(`Delivery ${delivery} is due.\n`);
    expect(await run(webhooksProgram, 'deliveries', '--status', 'pending')).toContain(delivery);
  });

  it.each([
    [
      ['add', 'https://10.0.0.1/', '--account', 'acct_demo'],
      'url: Host should be reachable from the Internet',
    ],
    [['add', URL, '--account', 'acct_none'], 'Account acct_none does not exist.'],
    [['resume', '4711'], 'No webhook 4711.'],
    [['requeue', '4711'], 'No webhook 4711.'],
    [['remove', '4711'], 'No webhook 4711.'],
    [['test', '4711'], 'No webhook 4711.'],
    [['events', '4711'], 'No webhook 4711.'],
    [
      ['delivery', '00000000-0000-4000-8000-000000000000'],
      'No delivery 00000000-0000-4000-8000-000000000000.',
    ],
    [['redeliver', '00000000-0000-4000-8000-000000000000'], 'No delivery 00000000-'],
    [['redeliver', 'x'], 'Expected the id of a delivery, a UUID.'],
    [['deliveries', '--before', 'x'], 'Expected a position such as 120.3'],
    [['remove', 'x'], 'Expected a whole number'],
  ])('%j: %s', async (parameters, message) => {
    expect(await failure(webhooksProgram, ...parameters)).toContain(message);
  });
});
