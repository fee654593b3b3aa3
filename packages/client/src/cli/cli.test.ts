import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CPG_COMMAND, createTestTerminal, type TestWorld } from '@cpg/test-support/client/cli';
import {
  BALANCE,
  CREATED_WITHDRAWAL,
  createTransaction,
  WITHDRAWAL_BODY,
} from '@cpg/test-support/client/fixtures';
import { ok, RawServer, reject } from '@cpg/test-support/raw-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScriptedGateway } from '../testing/scripted-gateway.ts';
import { makeSignedRequest } from '../testing/signed-messages.ts';
import { run } from './program.ts';

const SECRET = 'cpg-example-secret-DO-NOT-USE-IN-PRODUCTION';
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
const WITHDRAW = ['withdraw', '--currency', 'USDT', '--network', 'ETH', '--amount', '100', '--to', TO];

let gateway: ScriptedGateway;
let folder: string;

beforeEach(async () => {
  gateway = await ScriptedGateway.start({ keyId: 'ck_1', secret: SECRET });
  folder = mkdtempSync(join(tmpdir(), 'cpg-cli-'));
});
afterEach(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

const environment = () => ({
  // Never the profiles of the person who runs the tests.
  XDG_CONFIG_HOME: folder,
  CPG_BASE_URL: gateway.clientOptions.baseUrl,
  CPG_KEY_ID: 'ck_1',
  CPG_SECRET: SECRET,
});

const cpg = async (argv: readonly string[], { env = environment(), ...world }: TestWorld = {}) => {
  const { terminal, printed } = createTestTerminal({ env: { XDG_CONFIG_HOME: folder, ...env }, ...world });
  const code = await run(argv, terminal);
  const result = { code, ...printed() };
  expect(result.out + result.err).not.toContain(SECRET);
  return result;
};

const writeCredentials = (content: string, mode = 0o600): string => {
  const path = join(folder, 'credentials.json');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};

describe('cpg ping and balances', () => {
  it('pings', async () => {
    gateway.reply('ping', { data: { pong: true } });
    expect(await cpg(['ping'])).toEqual({ code: 0, out: 'pong (1 attempt).', err: '' });
  });

  it('prints balances as a table with right-aligned amounts', async () => {
    const small = {
      ...BALANCE,
      currency: 'BTC',
      network: 'BTC',
      balance: '0.15000000',
      held: '0.00000000',
      available: '0.15000000',
    };
    gateway.reply('balances.list', { data: [small, BALANCE] });
    expect((await cpg(['balances', '--currency', 'usdt', '--network', 'eth'])).out).toBe(
      [
        'CURRENCY  NETWORK      BALANCE        HELD    AVAILABLE',
        'BTC       BTC       0.15000000  0.00000000   0.15000000',
        'USDT      ETH      1500.000000  200.000000  1300.000000',
      ].join('\n'),
    );
    expect(gateway.requests[0]?.target).toBe('/v1/balances?currency=usdt&network=eth');
  });

  it('prints balances as JSON', async () => {
    gateway.reply('balances.list', { data: [BALANCE] });
    expect(JSON.parse((await cpg(['balances', '--json'])).out)).toMatchObject({
      data: [BALANCE],
      data_count: 1,
    });
  });

  it('does not let a server steer the terminal', async () => {
    gateway.reply('balances.list', { data: [{ ...BALANCE, currency: '\u001b[2J' }] });
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
    gateway.reply('transactions.list', { data: [createTransaction(9)], next_cursor: 9, has_more: true });
    const { out, err } = await cpg(['transactions', '--limit', '1']);
    expect(out.split('\n')[1]).toBe(
      '9   2025-05-17T00:00:00+00:00  deposit    confirmed  1.000000  USDT      ETH      0x9'.replace(
        '9   ',
        ' 9  ',
      ),
    );
    expect(err).toBe('More rows exist: pass --all or --cursor 9.');
    expect(gateway.requests).toHaveLength(1);
  });

  it('prints all pages with progress', async () => {
    gateway.reply(
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
    expect(gateway.requests.map(({ target }) => target)).toEqual([
      '/v1/transactions?limit=200&direction=deposit',
      '/v1/transactions?limit=200&direction=deposit&cursor=8',
    ]);
  });
});

describe('cpg currencies and hot-wallet', () => {
  it('print tables, fields and envelopes', async () => {
    gateway.reply('currencies.list', { data: [USDT] });
    gateway.reply('hotWallet.get', { data: { network: 'ETH', address: TO } });
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
    expect(gateway.requests.at(-1)?.target).toBe('/v1/hot-wallet-address?network=eth');
  });
});

describe('cpg deposit-address and deposit-request', () => {
  it('print the idempotency key before it is sent, and the payments', async () => {
    gateway.reply('depositAddresses.create', { data: DEPOSIT_ADDRESS });
    gateway.reply('depositRequests.get', { data: DEPOSIT_REQUEST });
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
    expect(gateway.requests[0]?.body).toEqual({
      ...{ currency: 'USDT', network: 'ETH', idempotency_key, user_identifier: 'u-1' },
    });
    const waited = await cpg(['deposit-request', '5', '--wait']);
    expect(waited.out).toMatch(/^request_id +5$/m);
    expect(waited.out).toMatch(/^2025-05-17T00:00:00\+00:00 +confirmed +25\.000000 +12 +0xabc$/m);
  });
});

describe('--debug', () => {
  it('prints requests and responses without secret and signature', async () => {
    gateway.reply('ping', { data: { pong: true } });
    const { err, out } = await cpg(['ping', '--debug']);
    expect(out).toBe('pong (1 attempt).');
    expect(err).toContain(`> GET ${gateway.clientOptions.baseUrl}/v1/_ping\n`);
    expect(err).toMatch(/^> X-CPG-Key: ck_1$/m);
    expect(err).toMatch(/^> X-CPG-Signature: \[redacted\]$/m);
    expect(err).toMatch(/^< 200 \(\d+ ms\)$/m);
    expect(err).not.toMatch(/[0-9a-f]{64}/);
  });
});

describe('cpg request', () => {
  it('signs the bytes and prints the envelope', async () => {
    gateway.reply('withdrawals.create', { data: CREATED_WITHDRAWAL });
    const data = JSON.stringify({ ...WITHDRAWAL_BODY, client_reference: 'order-1' });
    const { code, out } = await cpg(['request', 'post', '/v1/withdrawals', '--data', data, '--json']);
    expect([code, JSON.parse(out)]).toMatchObject([0, { success: true, data: CREATED_WITHDRAWAL }]);
    expect(gateway.requests[0]?.body).toEqual(JSON.parse(data));
  });

  it('is 1 for a rejection, whose envelope it prints once', async () => {
    gateway.reply('balances.list', { rejection: 'missing_permission' });
    const { code, out, err } = await cpg(['request', 'GET', '/v1/balances?currency=USDT', '--json']);
    expect(gateway.requests[0]?.target).toBe('/v1/balances?currency=USDT');
    expect([code, JSON.parse(out)]).toMatchObject([1, { success: false }]);
    expect(err + out).toMatch(/403/);
  });

  it.each([
    [['request', 'GET', 'v1/x'], 'must be a path such as /v1/balances'],
    [['request', 'POST', '/v1/x', '--data', '{}', '--body', 'x'], 'Pass --data or --body, not both.'],
    [['request', 'POST', '/v1/x', '--body', '/no/such/file'], 'The body cannot be read: ENOENT'],
  ])('rejects %j', async (argv, problem) => {
    expect(await cpg(argv)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(problem) });
  });
});

describe('cpg sign', () => {
  it('prints every value as JSON', async () => {
    const { out } = await cpg(['sign', 'GET', '/v1/_ping', '--timestamp', '1747444800', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      success: true,
      data: { path: '/v1/_ping', body_bytes: 0, headers: { 'X-CPG-Key': 'ck_1' } },
    });
  });

  it('prints every intermediate value of the worked example', async () => {
    const { out } = await cpg([
      'sign',
      'get',
      '/v1/balances?currency=USDT&network=ETH',
      '--timestamp',
      '1747444800',
    ]);
    expect(out.split('\n')).toEqual([
      'timestamp         1747444800',
      'method            GET',
      'path              /v1/balances',
      'query             currency=USDT&network=ETH',
      'body bytes        0',
      'body sha256       e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'canonical string  1747444800␊GET␊/v1/balances␊currency=USDT&network=ETH␊e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'signature         a4d11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c3',
      '',
      'X-CPG-Key: ck_1',
      'X-CPG-Timestamp: 1747444800',
      'X-CPG-Signature: a4d11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c3',
    ]);
  });

  it('reads the body bytes from standard input or a file', async () => {
    const file = join(folder, 'body');
    writeFileSync(file, '{}\n');
    const fromFile = await cpg(['sign', 'POST', '/v1/x', '--body', file, '--timestamp', '1']);
    const fromInput = await cpg(['sign', 'POST', '/v1/x', '--body', '-', '--timestamp', '1'], {
      input: '{}\n',
    });
    expect(fromFile.out).toContain('body bytes        3');
    expect(fromInput).toEqual(fromFile);
  });

  it.each([
    [['sign', 'GET', 'https://host/v1/x'], 'Target must be a path'],
    [['sign', 'GET', '/v1/x', '--timestamp', 'now'], 'Timestamp must be a whole number'],
  ])('rejects %j', async (argv, problem) => {
    const { code, err } = await cpg(argv);
    expect([code, err]).toEqual([2, expect.stringContaining(problem)]);
  });
});

describe('cpg explain', () => {
  const NOW = 1_747_444_800;
  const paste = (
    change: (headers: Record<string, string>) => void,
    { target = '/v1/balances?b=2&a=1', body = '' } = {},
  ) => {
    const made = makeSignedRequest({
      keyId: 'ck_1',
      secret: SECRET,
      method: body ? 'POST' : 'GET',
      target,
      body: body || undefined,
      now: NOW,
    });
    const headers = { Host: 'api.example.com', ...made.headers };
    change(headers);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    return [`${made.method} ${target} HTTP/1.1`, ...lines, '', body].join('\r\n');
  };
  const explain = (input: string, more: readonly string[] = []) =>
    cpg(['explain', '--now', String(NOW), ...more], { input, env: { CPG_SECRET: SECRET } });

  it('accepts a valid request, as sent or as printed by curl', async () => {
    const valid =
      'The signature is valid. If the gateway rejected it, it was used before or the secret belongs to another key.';
    const wire = paste(() => undefined, { body: '{"a": 1}\n' });
    expect((await explain(wire)).out).toBe(valid);
    const head = paste(() => undefined)
      .trimEnd()
      .split('\r\n');
    const curl = [
      '*   Trying 127.0.0.1',
      ...head.map((line) => `> ${line}`),
      '> ',
      '< HTTP/1.1 401 Unauthorized',
    ].join('\n');
    expect((await explain(curl)).out).toBe(valid);
    expect((await explain(paste(() => undefined).replace('/v1/', 'https://api.example.com/v1/'))).out).toBe(
      valid,
    );
  });

  it('is 1 for a wrong signature and 0 for a valid one, in JSON too', async () => {
    const wrong = await explain(
      paste((headers) => Object.assign(headers, { 'X-CPG-Signature': 'ab'.repeat(32) })),
    );
    expect(wrong).toMatchObject({ code: 1, err: 'The gateway rejects this request.' });
    const valid = await explain(
      paste(() => undefined),
      ['--json'],
    );
    expect([valid.code, JSON.parse(valid.out)]).toEqual([
      0,
      {
        success: true,
        message: 'OK',
        data: { valid: true, findings: [expect.stringMatching(/^The signature is valid/)] },
      },
    ]);
    expect(JSON.parse((await explain('GET /v1/x HTTP/1.1\n\n', ['--json'])).out)).toMatchObject({
      success: false,
      data: { valid: false },
    });
  });

  it('names the mistake', async () => {
    const sorted = makeSignedRequest({
      keyId: 'ck_1',
      secret: SECRET,
      method: 'GET',
      target: '/v1/balances?a=1&b=2',
      now: NOW,
    });
    const { out } = await explain(paste((headers) => Object.assign(headers, sorted.headers)));
    expect(out).toMatch(/sort/i);
    expect(out).not.toContain(sorted.headers['X-CPG-Signature']);
  });

  it('names a wrong clock', async () => {
    expect(
      (
        await explain(
          paste(() => undefined),
          ['--now', '1747445500'],
        )
      ).out,
    ).toMatch(/clock|timestamp/i);
  });

  it('reports a valid signature with an old timestamp', async () => {
    const { code, out } = await explain(
      paste(() => undefined),
      ['--now', '1747444700'],
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^The signature is valid/);
  });

  it('prints the canonical string when no known mistake explains the signature', async () => {
    const { out } = await explain(
      paste((headers) => Object.assign(headers, { 'X-CPG-Signature': 'ab'.repeat(32) })),
    );
    expect(out).toContain('The canonical string should be: 1747444800␊GET␊/v1/balances␊b=2&a=1␊e3b0');
  });

  it('names missing headers and reads the body from a file', async () => {
    expect((await explain('GET /v1/x HTTP/1.1\n\n')).out).toBe(
      'Missing: X-CPG-Key, X-CPG-Timestamp, X-CPG-Signature. Every request carries all three headers.',
    );
    const file = join(folder, 'body');
    writeFileSync(file, '{"a":1}');
    const pasted = paste(() => undefined, { body: '{"a":1}' }).replace('{"a":1}', '');
    expect((await explain(pasted, ['--body', file])).out).toMatch(/^The signature is valid/);
  });

  it.each([
    ['hello world, what is this', 'Expected the request as sent, starting with its request line'],
    [
      'GET /v1/x#y HTTP/1.1\nX-CPG-Key: a\nX-CPG-Timestamp: 1\nX-CPG-Signature: b\n\n',
      '/v1/x#y is not a valid request target',
    ],
  ])('rejects %j', async (input, problem) => {
    expect(await explain(input)).toMatchObject({ code: 2, err: expect.stringContaining(problem) });
  });
});

describe('credentials', () => {
  beforeEach(() => {
    gateway.reply('ping', { data: { pong: true } });
  });

  it('are read from a file that only its owner can read; the environment takes precedence', async () => {
    const { baseUrl } = gateway.clientOptions;
    const path = writeCredentials(JSON.stringify({ baseUrl, keyId: 'ck_1', secret: 'stale' }));
    expect(await cpg(['--credentials', path, 'ping'], { env: { CPG_SECRET: SECRET } })).toMatchObject({
      code: 0,
    });
    expect(await cpg(['ping'], { env: { CPG_SECRET: SECRET, CPG_CREDENTIALS: path } })).toMatchObject({
      code: 0,
    });
  });

  it.each<[string, () => string, string]>([
    [
      'a file that others can read',
      () => writeCredentials(JSON.stringify({ secret: SECRET }), 0o644),
      'must not be readable by other users. Fix: chmod 600 ',
    ],
    ['a file that is not JSON', () => writeCredentials(`secret=${SECRET}`), 'must be JSON'],
    ['a missing file', () => join(folder, 'nowhere'), 'does not exist'],
    [
      'a file without credentials',
      () => writeCredentials('{"keyId": 5}'),
      'Missing credentials: set CPG_BASE_URL and CPG_KEY_ID and CPG_SECRET, or pass --credentials',
    ],
  ])('are not read from %s', async (_, make, problem) => {
    expect(await cpg(['ping', '--credentials', make()], { env: {} })).toMatchObject({
      code: 2,
      err: expect.stringContaining(problem),
    });
  });

  it('are not accepted as arguments', async () => {
    const result = await cpg(['ping', '--secret', 'x']);
    expect(result).toMatchObject({ code: 2, err: "error: unknown option '--secret'" });
  });
});

it('prints one JSON document for an error too, whatever kind it has', async () => {
  gateway.reply('ping', { rejection: 'invalid_signature' });
  expect(JSON.parse((await cpg(['ping', '--json'])).out)).toMatchObject({
    success: false,
    error: { code: 'authentication_failed', status: 401, rejection: 'invalid_signature' },
  });
  const usage = { success: false, error: { code: 'usage' } };
  expect(JSON.parse((await cpg(['ping', '--json'], { env: {} })).out)).toMatchObject(usage);
  expect(JSON.parse((await cpg(['ping', '--json', '--nonsense'])).out)).toMatchObject(usage);
});

it('keeps the rows of the pages before the one that failed, with the cursor to continue from', async () => {
  gateway.reply(
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

describe('exit codes and help', () => {
  it.each<[readonly string[], number, RegExp]>([
    [['--help'], 0, /CPG_BASE_URL, CPG_KEY_ID and CPG_SECRET/],
    [['--version'], 0, /^\d+\.\d+\.\d+$/],
    [['nonsense'], 2, /unknown command 'nonsense'/],
    [['withdraw'], 2, /required option '--currency <code>' not specified/],
    [['balances', 'extra'], 2, /too many arguments/],
  ])('%j is %i', async (argv, code, text) => {
    const result = await cpg(argv);
    expect(result.code).toBe(code);
    expect(result.out + result.err).toMatch(text);
  });

  it('is 1 with the code of the error when the gateway rejects the call', async () => {
    gateway.reply('ping', { rejection: 'source_ip_not_whitelisted' });
    expect(await cpg(['ping'])).toEqual({
      code: 1,
      out: '',
      err: "ping: 403 Source IP is not whitelisted for this API key. Call from an address on the key's allowlist, or add this address to it. (permission_denied)",
    });
  });

  it('is 2 for an invalid base URL', async () => {
    expect(
      await cpg(['ping'], { env: { ...environment(), CPG_BASE_URL: 'http://example.com' } }),
    ).toMatchObject({ code: 2 });
  });

  it('reports each retry', async () => {
    gateway.reply(
      'ping',
      { status: 503, message: 'x', headers: { 'Retry-After': '0' } },
      { data: { pong: true } },
    );
    expect(await cpg(['ping'])).toEqual({
      code: 0,
      out: 'pong (2 attempts).',
      err: 'ping: server_error, retrying in 0 s',
    });
  });
});

it('runs as a program', async () => {
  const [program = '', ...parameters] = CPG_COMMAND;
  const { status, stdout, stderr } = spawnSync(
    program,
    [...parameters, 'sign', 'POST', '/v1/x', '--body', '-', '--timestamp', '1'],
    { env: { CPG_KEY_ID: 'ck_1', CPG_SECRET: SECRET }, input: 'body', encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('body bytes        4');
  const asking = spawnSync(program, [...parameters, ...WITHDRAW], {
    env: environment(),
    input: 'y\n',
    encoding: 'utf8',
  });
  expect([asking.status, asking.stderr]).toEqual([2, 'Not a terminal: pass --yes to confirm.\n']);
});

describe('a closed pipe', () => {
  const program = CPG_COMMAND.map((word) => `'${word}'`).join(' ');
  const inShell = async (script: string) => {
    const child = spawn('bash', ['--norc', '-c', `${script}; echo "status \${PIPESTATUS[0]}" >&2`], {
      env: { ...process.env, ...environment() },
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { stdout, stderr };
  };

  it.each([
    ['of the help', '--help | head -1', /^Usage: cpg /, 0],
    ['of everything', '--help | true', /^$/, 0],
    ['of errors', 'no-such-command 2>&1 >/dev/null | true', /^$/, 2],
    // Its exit code was 0 when the pipe was already closed.
    ['of the JSON of an error', 'ping --json --profile missing 2>/dev/null | true', /^$/, 2],
  ])('%s ends the program quietly', async (_name, command, printed, status) => {
    const { stdout, stderr } = await inShell(`${program} ${command}`);
    expect(stdout).toMatch(printed);
    expect(stderr).toBe(`status ${status}\n`);
  });

  it('of more rows than the pipe holds ends the program quietly', async () => {
    const data = Array.from({ length: 200 }, (_, id) => ({
      ...createTransaction(id),
      tx_hash: 'a'.repeat(1_000),
    }));
    gateway.reply('transactions.list', { data, next_cursor: null, has_more: false });
    const { stderr } = await inShell(`${program} transactions --all --json | sleep 0`);
    expect(stderr).toBe('200 transactions\nstatus 0\n');
  });
});

it('limits the size of standard input', () => {
  const [program = '', ...parameters] = CPG_COMMAND;
  const { status, stderr } = spawnSync(
    program,
    [...parameters, 'sign', 'POST', '/v1/x', '--body', '-', '--timestamp', '1'],
    {
      env: { CPG_KEY_ID: 'ck_1', CPG_SECRET: SECRET },
      input: Buffer.alloc(17 * 1024 * 1024),
      encoding: 'utf8',
    },
  );
  expect(stderr).toBe('Standard input is longer than 16777216 bytes: expected the body.\n');
  expect(status).toBe(2);
});

it('escapes control and invisible characters of a response', async () => {
  gateway.reply('balances.list', { data: [{ ...BALANCE, currency: 'US…D\u202e\x1b\u0085\n' }] });
  const { out } = await cpg(['balances']);
  expect(out).toContain('US…D\\u{202e}␛\\u{85}␊');
});
