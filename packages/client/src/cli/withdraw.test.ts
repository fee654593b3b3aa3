import { runCpg, setUpCli, startCpg, type TestWorld } from '@cpg/test-support/client/cli';
import { CREATED_WITHDRAWAL } from '@cpg/test-support/client/fixtures';
import { describeInCi, itInCi } from '@cpg/test-support/programs';
import { ok, RawServer } from '@cpg/test-support/raw-server';
import { describe, expect, it } from 'vitest';
import type { ScriptedRequest } from '../testing/scripted-gateway.ts';
import { run } from './program.ts';

const TO = '0x52908400098527886E0F7030069857D2E4169EE7';
const WITHDRAW = ['withdraw', '--currency', 'USDT', '--network', 'eth', '--amount', '100.5', '--to', TO];

const createWithdrawal = (status: string, error_message: string | null = null) => ({
  ...{ id: 7, currency: 'USDT', network: 'ETH', to_address: TO, amount: '100.500000', fee: '5.000000' },
  ...{ status, tx_hash: null, error_message, requested_at: '2025-05-17T00:00:00+00:00' },
  ...{ broadcast_at: null, confirmed_at: null },
});
const CURRENCY = {
  ...{
    currency: 'USDT',
    network: 'ETH',
    name: 'Tether',
    is_token: true,
    contract_address: null,
    decimals: 6,
  },
  ...{ deposit_enabled: true, withdrawal_enabled: true, min_deposit_amount: '1', min_withdrawal_amount: '1' },
  ...{ withdrawal_fee_flat: '5.000000000000000000', withdrawal_fee_percent: '0.333333' },
};

const { cpg, gateway, environment } = setUpCli(run);
const countWithdrawals = () => gateway().requests.filter(({ method }) => method === 'POST').length;

describe('cpg withdraw', () => {
  it('shows fee, total, gateway, key and reference, and asks', async () => {
    gateway().reply('currencies.list', { data: [CURRENCY] });
    gateway().reply('withdrawals.create', { data: CREATED_WITHDRAWAL });
    const { code, out, err } = await cpg([...WITHDRAW, '--reference', 'order-1', '--json'], {
      answers: ['y'],
    });
    expect(err.split('\n').slice(0, 8)).toEqual([
      'send       100.5 USDT on eth',
      `to         ${TO}`,
      // 5 + 100.5 × 0.333333 % = 5.334999665, rounded up
      'fee        5.335000 USDT, charged in addition',
      'total      105.835000 USDT',
      `gateway    ${gateway().clientOptions.baseUrl}`,
      'key        ck_test',
      'reference  order-1',
      'Send it? [y/N] ',
    ]);
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { success: true, data: { withdrawal_id: 7 }, client_reference: 'order-1' },
    ]);
  });

  it.each<[string, TestWorld['answers']]>([
    ['no', ['n']],
    ['nothing', ['']],
    ['Ctrl-C', [undefined]],
  ])('sends nothing after the answer %s, which is a failure', async (_name, answers) => {
    gateway().reply('currencies.list', { data: [CURRENCY] });
    expect(await cpg(WITHDRAW, { answers })).toMatchObject({
      code: 1,
      err: expect.stringMatching(/\nNothing was sent\.$/),
    });
    expect(countWithdrawals()).toBe(0);
  });

  it('sends nothing without a terminal and without --yes', async () => {
    expect(await cpg(WITHDRAW)).toEqual({
      ...{ code: 2, out: '', err: 'Not a terminal: pass --yes to confirm.' },
    });
    expect(gateway().requests).toHaveLength(0);
  });

  it.each([
    ['that is not enabled', [], 'fee        unknown: USDT on eth is not enabled'],
    ['that the key may not list', undefined, 'fee        unknown: permission_denied'],
  ])('asks about a currency %s', async (_name, data, line) => {
    gateway().reply('currencies.list', data === undefined ? { rejection: 'missing_permission' } : { data });
    expect((await cpg(WITHDRAW, { answers: ['n'] })).err).toContain(`\n${line}\n`);
  });

  it('prints the fields of the withdrawal, and its reference before it is sent', async () => {
    gateway().reply('withdrawals.create', { data: CREATED_WITHDRAWAL });
    const { out, err } = await cpg([...WITHDRAW, '--yes']);
    const [sent] = gateway().requests;
    const { client_reference } = (sent as ScriptedRequest).body as { readonly client_reference: string };
    expect(out).toMatch(/^withdrawal_id +7$/m);
    expect(out).toContain(client_reference);
    expect(err).toBe(
      `Reference ${client_reference}: repeat the command with --reference ${client_reference} to learn the outcome. It does not withdraw twice.`,
    );
  });

  it('names the reference when the outcome is unknown', async () => {
    gateway().reply('withdrawals.create', { lost: true });
    const { code, out, err } = await cpg([...WITHDRAW, '--yes', '--reference', 'order-1', '--json']);
    expect(err).toContain('Repeat it with the same idempotency reference, "order-1", to learn the outcome.');
    expect([code, JSON.parse(out)]).toMatchObject([
      1,
      { success: false, error: { code: 'outcome_unknown', idempotencyReference: 'order-1' } },
    ]);
  });
});

describe('cpg withdraw --wait', () => {
  const waitFor = (status: string, message: string | null = null) => {
    gateway().reply('withdrawals.create', { data: CREATED_WITHDRAWAL });
    gateway().reply('withdrawals.get', { data: createWithdrawal(status, message) });
    return cpg([...WITHDRAW, '--yes', '--wait', '--json', '--reference', 'order-1']);
  };

  it('prints one document, of the final status', async () => {
    const { code, out } = await waitFor('confirmed');
    expect([code, JSON.parse(out)]).toEqual([
      0,
      {
        success: true,
        message: 'OK',
        data: createWithdrawal('confirmed'),
        client_reference: 'order-1',
      },
    ]);
  });

  it('is 1 for a failed withdrawal', async () => {
    const { code, out } = await waitFor('failed', 'reverted');
    expect([code, JSON.parse(out)]).toMatchObject([
      1,
      { success: false, message: 'Withdrawal 7 failed: reverted.', data: { status: 'failed' } },
    ]);
    expect(await cpg(['withdrawal', '8', '--wait'])).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^status +failed$/m),
      err: 'Withdrawal 7 failed: reverted.',
    });
    // A read without --wait succeeded, whatever it read.
    expect(await cpg(['withdrawal', '7'])).toMatchObject({ code: 0, err: '' });
  });

  it('still prints the created withdrawal when waiting fails', async () => {
    gateway().reply('withdrawals.create', { data: CREATED_WITHDRAWAL });
    gateway().reply('withdrawals.get', { rejection: 'missing_permission' });
    const { code, out } = await cpg([...WITHDRAW, '--yes', '--wait', '--json', '--reference', 'order-1']);
    expect([code, JSON.parse(out)]).toMatchObject([
      1,
      {
        ...{ success: false, data: { withdrawal_id: 7 }, client_reference: 'order-1' },
        error: { code: 'permission_denied' },
      },
    ]);
  });
});

describe('the program', () => {
  it('that is killed while it sends has printed the reference', async () => {
    const server = await RawServer.start(() => undefined);
    const { child, ended } = startCpg([...WITHDRAW, '--yes'], { env: environment(server.url) });
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    const { out, err } = await ended;
    await server.stop();
    const { client_reference } = JSON.parse(String(server.requests[0]?.body));
    expect([out, err]).toEqual(['', expect.stringMatching(`^Reference ${client_reference}: `)]);
  });

  itInCi('that is interrupted while it waits prints what was created', async () => {
    const server = await RawServer.start((socket, { method }) => {
      ok(socket, method === 'POST' ? CREATED_WITHDRAWAL : createWithdrawal('broadcasted'));
    });
    const argv = [...WITHDRAW, '--yes', '--wait', '--json', '--reference', 'order-1'];
    const { child, ended, until } = startCpg(argv, { env: environment(server.url) });
    await until('Withdrawal 7 is broadcasted; waiting …\n');
    child.kill('SIGINT');
    const { code, out, err } = await ended;
    await server.stop();
    expect([code, JSON.parse(out)]).toMatchObject([
      130,
      { success: false, data: { withdrawal_id: 7 }, client_reference: 'order-1' },
    ]);
    expect(err).toContain('\nInterrupted.\n');
  });

  itInCi('that cannot write its result is a failure', async () => {
    gateway().reply('withdrawals.create', { data: CREATED_WITHDRAWAL });
    const { code, err } = await runCpg([...WITHDRAW, '--yes'], { env: environment(), stdout: '/dev/full' });
    expect(err).toContain('The result could not be written to standard output: ENOSPC');
    expect(code).toBe(1);
  });
});

describeInCi('cpg withdraw on a terminal', () => {
  const ask = async (answer: string) => {
    gateway().reply('currencies.list', { data: [CURRENCY] });
    gateway().reply('withdrawals.create', { data: CREATED_WITHDRAWAL });
    const { child, until, ended } = startCpg(WITHDRAW, {
      env: { TERM: 'xterm', ...environment() },
      terminal: true,
    });
    await until('Send it? [y/N] ');
    child.stdin?.write(answer);
    return ended;
  };

  it.each([
    ['y and return', 'y\r', 0, 1],
    ['Ctrl-C', '\x03', 1, 0],
    ['Ctrl-D', '\x04', 1, 0],
  ])('ends after %s', async (_name, answer, code, sent) => {
    const ended = await ask(answer);
    expect([ended.code, countWithdrawals()]).toEqual([code, sent]);
    expect(ended.out).toContain(sent === 1 ? 'withdrawal_id' : 'Nothing was sent.');
  });
});
