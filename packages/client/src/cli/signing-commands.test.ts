import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setUpCli } from '@cpg/test-support/client/cli';
import { CREATED_WITHDRAWAL, SECRET, WITHDRAWAL_BODY } from '@cpg/test-support/client/fixtures';
import { describe, expect, it } from 'vitest';
import { makeSignedRequest } from '../testing/signed-messages.ts';
import { run } from './program.ts';

const { cpg, gateway, folder } = setUpCli(run);

describe('cpg request', () => {
  it('signs the bytes and prints the envelope', async () => {
    gateway().reply('withdrawals.create', { data: CREATED_WITHDRAWAL });
    const data = JSON.stringify({ ...WITHDRAWAL_BODY, client_reference: 'order-1' });
    const { code, out } = await cpg(['request', 'post', '/v1/withdrawals', '--data', data, '--json']);
    expect([code, JSON.parse(out)]).toMatchObject([0, { success: true, data: CREATED_WITHDRAWAL }]);
    expect(gateway().requests[0]?.body).toEqual(JSON.parse(data));
  });

  it('is 1 for a rejection, with one document', async () => {
    gateway().reply('balances.list', { rejection: 'missing_permission' });
    const { code, out } = await cpg(['request', 'GET', '/v1/balances?currency=USDT', '--json']);
    expect(gateway().requests[0]?.target).toBe('/v1/balances?currency=USDT');
    expect([code, JSON.parse(out)]).toMatchObject([
      1,
      { success: false, error: { code: 'permission_denied', status: 403 } },
    ]);
  });

  it('retries a POST with a reference in its body, and no other', async () => {
    const post = (body: object) =>
      cpg(['request', 'POST', '/v1/withdrawals', '--data', JSON.stringify(body)]);
    gateway().reply('withdrawals.create', { lost: true }, { data: CREATED_WITHDRAWAL });
    expect(await post({ ...WITHDRAWAL_BODY, client_reference: 'order-1' })).toMatchObject({ code: 0 });
    gateway().reply('withdrawals.create', { lost: true }, { data: CREATED_WITHDRAWAL });
    expect(await post(WITHDRAWAL_BODY)).toMatchObject({
      code: 1,
      err: expect.stringContaining('outcome_unknown'),
    });
  });

  it.each([
    [['request', 'GET', 'v1/x'], 'invalid_request'],
    [['request', 'POST', '/v1/x', '--data', '{}', '--body', 'x'], 'Pass --data or --body, not both.'],
    [['request', 'POST', '/v1/x', '--body', '/no/such/file'], 'The body cannot be read: ENOENT'],
  ])('rejects %j', async (argv, problem) => {
    expect(await cpg(argv)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(problem) });
    expect(gateway().requests).toHaveLength(0);
  });
});

describe('cpg sign', () => {
  it('prints every value as JSON', async () => {
    const { out } = await cpg(['sign', 'GET', '/v1/_ping', '--timestamp', '1747444800', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      success: true,
      data: { path: '/v1/_ping', body_bytes: 0, headers: { 'X-CPG-Key': 'ck_test' } },
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
      'X-CPG-Key: ck_test',
      'X-CPG-Timestamp: 1747444800',
      'X-CPG-Signature: a4d11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c3',
    ]);
  });

  it('reads the body bytes from standard input or a file', async () => {
    const file = join(folder(), 'body');
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
      keyId: 'ck_test',
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
      keyId: 'ck_test',
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
    const file = join(folder(), 'body');
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
