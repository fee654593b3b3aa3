import { createSigningKey } from '@cpg/protocol';
import { runAdministration } from '@cpg/test-support/gateway/administration';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keysProgram } from './keys-program.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  // The command uses real time, and so must the gateway.
  gateway.clock.freeze(null);
});
afterAll(() => gateway.close());

const run = (...parameters: readonly string[]) => runAdministration(gateway, keysProgram, parameters);
const DEMO = ['--account', 'acct_demo'];
const secretIn = (output: string) => /^secret {2}(\S+)$/m.exec(output)?.[1] ?? '';
const ping = async (keyId: string, secret: string) =>
  (await gateway.call('/v1/_ping', { keyId, key: createSigningKey(secret) })).status;
// Keys are cached for two seconds of real time, so each test uses its own key.
const listed = async (keyId: string) =>
  (await run('list')).split('\n').find((line) => line.startsWith(keyId));

describe('gateway:keys', () => {
  it('creates a key, prints its secret once, and stores it encrypted', async () => {
    const output = await run(
      'create',
      ...DEMO,
      '--key',
      'ck_new',
      '--permission',
      'read_balance',
      'withdraw',
      '--rate-limit',
      '7',
    );
    const secret = secretIn(output);
    expect(secret).toMatch(/^cpg_[\w-]{43}$/);
    expect(await ping('ck_new', secret)).toBe(200);
    expect(await listed('ck_new')).toBe(
      'ck_new  acct_demo  1 active secret(s)  7/min  from anywhere  read_balance withdraw',
    );
    const stored = await gateway.db.selectFrom('api_key_secret').selectAll().execute();
    expect(JSON.stringify(stored)).not.toContain(secret);
    expect(await run('list')).not.toContain(secret);
  });

  it('generates key ids and stores source addresses and a label', async () => {
    const output = await run(
      ...['create', ...DEMO, '--label', 'The shop'],
      ...['--source-ip', '203.0.113.7', '--source-ip', '2001:db8::/32'],
    );
    const keyId = /^key id {2}(ck_[0-9a-f]{24})$/m.exec(output)?.[1] ?? '';
    expect(await listed(keyId)).toContain('from 203.0.113.7 2001:db8::/32');
    expect(await listed(keyId)).toMatch(/ {2}\(The shop\)$/);
    expect(await ping(keyId, secretIn(output))).toBe(403);
  });

  it('changes what is given, and nothing else', async () => {
    await run('create', ...DEMO, '--key', 'ck_change', '--label', 'Old', '--source-ip', '203.0.113.7');
    expect(await run('change', 'ck_change', '--rate-limit', '7')).toBe('ck_change is changed.\n');
    expect(await listed('ck_change')).toMatch(/ 7\/min {2}from 203\.0\.113\.7 .* {2}\(Old\)$/);
    await run('change', 'ck_change', '--label', '', '--any-source', '--permission', 'withdraw');
    expect(await listed('ck_change')).toMatch(/ 7\/min {2}from anywhere {2}withdraw$/);
    await expect(run('change', 'ck_change')).rejects.toThrow('Nothing to change.');
    await expect(run('change', 'ck_none', '--label', 'x')).rejects.toThrow('No active key ck_none');
  });

  it('creates an account with every active currency and its first key, or changes nothing', async () => {
    const create = ['create', '--account', 'acct_shop', '--create-account', '--key'];
    await expect(run(...create, 'ck_demo_full')).rejects.toThrow('Key ck_demo_full already exists');
    const secret = secretIn(await run(...create, 'ck_shop'));
    const { body } = await gateway.call('/v1/balances', { keyId: 'ck_shop', key: createSigningKey(secret) });
    expect(body.data).toMatchObject([
      { currency: 'BTC', network: 'BTC', balance: '0.00000000' },
      { currency: 'ETH', network: 'ETH', balance: '0.000000000000000000' },
      { currency: 'USDT', network: 'ETH', balance: '0.000000' },
      { currency: 'USDT', network: 'TRX', balance: '0.000000' },
    ]);
    await expect(run(...create, 'ck_shop_2')).rejects.toThrow('Account acct_shop already exists');
  });

  it('rotates: both secrets work during the overlap, and at most two are active', async () => {
    const first = secretIn(await run('create', ...DEMO, '--key', 'ck_rotated'));
    const second = secretIn(await run('rotate', 'ck_rotated', '--overlap', '1'));
    expect([await ping('ck_rotated', first), await ping('ck_rotated', second)]).toEqual([200, 200]);
    expect(await listed('ck_rotated')).toContain('2 active secret(s)');
    const third = secretIn(await run('rotate', 'ck_rotated'));
    expect(await listed('ck_rotated')).toContain('2 active secret(s)');
    const live = await gateway.db
      .selectFrom('api_key_secret')
      .select(['sealed_secret', 'retired_at'])
      .where('key_id', '=', 'ck_rotated')
      .orderBy('id')
      .execute();
    expect(live.map(({ sealed_secret }) => gateway.box.open(sealed_secret, 'ck_rotated'))).toEqual([
      first,
      second,
      third,
    ]);
    expect(live.map(({ retired_at }) => (retired_at === null ? null : retired_at > new Date()))).toEqual([
      false,
      true,
      null,
    ]);
  });

  it('ends the previous secret after the overlap', async () => {
    const first = secretIn(await run('create', ...DEMO, '--key', 'ck_overlap'));
    const second = secretIn(await run('rotate', 'ck_overlap', '--overlap', '0'));
    expect([await ping('ck_overlap', first), await ping('ck_overlap', second)]).toEqual([401, 200]);
  });

  it('revokes a key', async () => {
    const secret = secretIn(await run('create', ...DEMO, '--key', 'ck_gone'));
    expect(await run('revoke', 'ck_gone')).toBe('ck_gone is revoked.\n');
    expect(await listed('ck_gone')).toContain('revoked');
    expect(await ping('ck_gone', secret)).toBe(401);
  });

  it.each([
    [['rotate', 'ck_unknown'], 'No active key ck_unknown'],
    [['revoke', 'ck_demo_revoked'], 'No active key ck_demo_revoked'],
    [['rotate', 'ck demo'], 'Expected 1 to 128 characters'],
    [['create', ...DEMO, '--permission', 'fly'], 'Allowed choices are'],
    [['create', ...DEMO, '--source-ip', '203.0.113.0/33'], 'Expected an IP address or a CIDR range'],
    [['create', ...DEMO, '--source-ip', 'home'], 'Expected an IP address or a CIDR range'],
    ...['0', '', ' ', '1e3', '0x10', '-1', '1.5', 'NaN', 'Infinity', '1000001', '9'.repeat(30)].map(
      (limit): [string[], string] => [
        ['create', ...DEMO, '--rate-limit', limit],
        'Expected a whole number from 1 to 1000000',
      ],
    ),
    ...['', ' ', '1e3', '0x10', '-1', '0.5', 'NaN', '8761', '9'.repeat(30)].map(
      (hours): [string[], string] => [
        ['rotate', 'ck_demo_full', '--overlap', hours],
        'Expected a whole number from 0 to 8760',
      ],
    ),
    [['create', ...DEMO, '--source-ip', '::ffff:203.0.113.0/64'], 'Expected an IP address or a CIDR range'],
    [['create', ...DEMO, '--source-ip', ''], 'Expected an IP address or a CIDR range'],
    [['create', ...DEMO, '--key', ''], 'Expected 1 to 128 characters'],
    [['create', '--account', ''], 'Expected 1 to 128 characters'],
    [['create', ...DEMO, '--permision', 'withdraw'], 'Did you mean --permission?'],
    [['create', ...DEMO, 'ck_new'], 'too many arguments'],
    [['list', 'ck_demo_full'], 'too many arguments'],
    [['rotate'], "missing required argument 'key id'"],
    [['delete', 'ck_demo_full'], "unknown command 'delete'"],
    [['create'], "required option '--account <id>' not specified"],
    [['create', '--account', 'acct unknown'], 'Expected 1 to 128 characters'],
    [
      ['create', '--account', 'acct_unknown'],
      'Account acct_unknown does not exist. Fix: add --create-account',
    ],
    [
      ['create', ...DEMO, '--create-account'],
      'Account acct_demo is reserved for the sandbox. Fix: choose another id',
    ],
    [['create', ...DEMO, '--key', 'ck_demo_full'], 'Key ck_demo_full already exists'],
  ])('rejects %j', async (parameters, message) => {
    await expect(run(...parameters)).rejects.toThrow(message);
  });
});
