import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CPG_COMMAND, setUpCli } from '@cpg/test-support/client/cli';
import { createTransaction, SECRET } from '@cpg/test-support/client/fixtures';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from './program.ts';

const { cpg, gateway, folder, environment } = setUpCli(run);

const TO = '0x52908400098527886E0F7030069857D2E4169EE7';
const WITHDRAW = ['withdraw', '--currency', 'USDT', '--network', 'ETH', '--amount', '100', '--to', TO];

const writeCredentials = (content: string, mode = 0o600): string => {
  const path = join(folder(), 'credentials.json');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};

describe('--debug', () => {
  it('prints requests and responses without secret and signature', async () => {
    gateway().reply('ping', { data: { pong: true } });
    const { err, out } = await cpg(['ping', '--debug']);
    expect(out).toBe('pong (1 attempt).');
    expect(err).toContain(`> GET ${gateway().clientOptions.baseUrl}/v1/_ping\n`);
    expect(err).toMatch(/^> X-CPG-Key: ck_test$/m);
    expect(err).toMatch(/^> X-CPG-Signature: \[redacted\]$/m);
    expect(err).toMatch(/^< 200 \(\d+ ms\)$/m);
    expect(err).not.toMatch(/[0-9a-f]{64}/);
  });

  it('prints attempts without a response too', async () => {
    gateway().reply('ping', { lost: true }, { data: { pong: true } });
    expect((await cpg(['ping', '--debug'])).err).toMatch(
      /^< no response \(\d+ ms\): .*\(connection_failed\)$/m,
    );
  });
});

describe('credentials', () => {
  beforeEach(() => {
    gateway().reply('ping', { data: { pong: true } });
  });

  it('are read from a file that only its owner can read; the environment takes precedence', async () => {
    const { baseUrl } = gateway().clientOptions;
    const path = writeCredentials(JSON.stringify({ baseUrl, keyId: 'ck_test', secret: 'stale' }));
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
    ['a missing file', () => join(folder(), 'nowhere'), 'does not exist'],
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
  gateway().reply('ping', { rejection: 'invalid_signature' });
  expect(JSON.parse((await cpg(['ping', '--json'])).out)).toMatchObject({
    success: false,
    error: { code: 'authentication_failed', status: 401, rejection: 'invalid_signature' },
  });
  const usage = { success: false, error: { code: 'usage' } };
  expect(JSON.parse((await cpg(['ping', '--json'], { env: {} })).out)).toMatchObject(usage);
  expect(JSON.parse((await cpg(['ping', '--json', '--nonsense'])).out)).toMatchObject(usage);
});

describe('exit codes and help', () => {
  it.each<[readonly string[], number, RegExp]>([
    [['--help'], 0, /CPG_BASE_URL, CPG_KEY_ID and CPG_SECRET/],
    [['--version'], 0, /^\d+\.\d+\.\d+$/],
    [['nonsense'], 2, /unknown command 'nonsense'/],
    [['withdraw'], 2, /required option '--currency <code>' not specified/],
    [['balances', 'extra'], 2, /too many arguments/],
    [
      ['transactions', '--limit', '999'],
      2,
      /limit: .*\(invalid_request\)\nMore: \/docs\/errors\/client\.html#invalid_request$/,
    ],
  ])('%j is %i', async (argv, code, text) => {
    const result = await cpg(argv);
    expect(result.code).toBe(code);
    expect(result.out + result.err).toMatch(text);
  });

  it('is 1 with the code of the error when the gateway rejects the call', async () => {
    gateway().reply('ping', { rejection: 'source_ip_not_whitelisted' });
    expect(await cpg(['ping'])).toEqual({
      code: 1,
      out: '',
      err: "ping: 403 Source IP is not whitelisted for this API key. Call from an address on the key's allowlist, or add this address to it. (permission_denied)\nMore: /docs/errors/client.html#permission_denied",
    });
  });

  it('is 2 for an invalid base URL', async () => {
    expect(
      await cpg(['ping'], { env: { ...environment(), CPG_BASE_URL: 'http://example.com' } }),
    ).toMatchObject({ code: 2 });
  });

  it('reports each retry', async () => {
    gateway().reply(
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
    { env: { CPG_KEY_ID: 'ck_test', CPG_SECRET: SECRET }, input: 'body', encoding: 'utf8' },
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
    gateway().reply('transactions.list', { data, next_cursor: null, has_more: false });
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
      env: { CPG_KEY_ID: 'ck_test', CPG_SECRET: SECRET },
      input: Buffer.alloc(17 * 1024 * 1024),
      encoding: 'utf8',
    },
  );
  expect(stderr).toBe('Standard input is longer than 16777216 bytes: expected the body.\n');
  expect(status).toBe(2);
});

it('starts without the client and its dependencies', () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/^import (?!type ).*?from '(.*?)'/gms)) {
      if (name.endsWith('.ts')) follow(join(file, '..', name));
      else packages.add(name);
    }
  };
  follow(join(import.meta.dirname, 'program.ts'));
  const external = [...packages].filter((name) => !name.startsWith('node:') && !name.endsWith('.json'));
  expect(external).toEqual(['commander']);
});
