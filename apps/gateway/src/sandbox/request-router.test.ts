import type { LoggedRequest, RequestDetail } from '@cpg/console/api';
import { createSigningKey, signRequest } from '@cpg/protocol';
import { NOT_FOUND, rejection, sandboxCalls } from '@cpg/test-support/gateway/sandbox-calls';
import { describe, expect, it } from 'vitest';

const { gateway, send } = sandboxCalls();
const SECRET = 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION';

const list = async () => (await send('GET', '/requests')).body.data as LoggedRequest[];
const openLast = async () => {
  const last = (await list()).at(-1) as LoggedRequest;
  return (await send('GET', `/requests/${last.id}`)).body.data as RequestDetail;
};

const sign = (target: string, body?: string, secret = SECRET) =>
  signRequest({
    keyId: 'ck_demo_full',
    key: createSigningKey(secret),
    method: body === undefined ? 'GET' : 'POST',
    target,
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
    timestamp: Math.floor(gateway().clock.now() / 1000),
  });

describe('/_sandbox/requests', () => {
  it('lists requests with decision, checks, durations, key, route and status', async () => {
    await gateway().call('/v1/withdrawals/999');
    expect((await list()).at(-1)).toMatchObject({
      ...{ at: '2027-01-15T08:00:00.000Z', method: 'GET', path: '/v1/withdrawals/999' },
      ...{
        route: '/v1/withdrawals/{withdrawal_id}',
        status: 404,
        outcome: 'not_found',
        key_id: 'ck_demo_full',
      },
      ...{ client_ip: '127.0.0.1', ms: expect.any(Number), authentication_ms: expect.any(Number) },
      passed: expect.arrayContaining([{ check: 'signature', ms: expect.any(Number) }]),
    });
  });

  it('shows head, body, canonical string and response, without a usable signature', async () => {
    const body = '{"currency":"USDT","network":"ETH","user_identifier":"é"}';
    const signed = sign('/v1/deposit-addresses?a=1', body);
    const { status } = await fetch(`${gateway().url}/v1/deposit-addresses?a=1`, {
      method: 'POST',
      headers: { ...signed.headers, 'content-type': 'application/json', authorization: 'Bearer x' },
      body,
    });
    expect(status).toBe(200);
    const detail = await openLast();
    expect(detail.exchange).toMatchObject({
      target: '/v1/deposit-addresses?a=1',
      body: { text: body, bytes: Buffer.byteLength(body), is_cut: false, is_binary: false },
      canonical: signed.canonical,
      findings: [],
      fix: null,
    });
    expect(detail.exchange?.head).toContain(
      `X-CPG-Signature: ${signed.signature.slice(0, 6)}… (64 characters)`,
    );
    expect(detail.exchange?.head).toContain('authorization: … (hidden)');
    expect(detail.exchange?.response_body.text).toContain('"success":true');
    expect(JSON.stringify(detail)).not.toContain(signed.signature);
  });

  it('names the mistake of a bad signature, with its fix', async () => {
    const { headers } = sign('/v1/_ping', undefined, `${SECRET}\n`);
    await fetch(`${gateway().url}/v1/_ping`, { headers });
    const { exchange, outcome } = await openLast();
    expect(outcome).toBe('invalid_signature');
    expect(exchange?.findings).toEqual([
      { code: 'key_with_newline', message: expect.stringMatching(/secret/) },
    ]);
    expect(exchange?.fix).toBe('Correct the mistake that is named here, and sign again.');
    // Also the next one of the same key within a second.
    await fetch(`${gateway().url}/v1/_ping`, { headers: { ...headers, 'x-cpg-signature': 'ab'.repeat(32) } });
    expect((await openLast()).exchange?.findings).toEqual([
      { code: 'no_known_mistake', message: expect.stringMatching(/canonical string/) },
    ]);
  });

  it('hides a secret that is not where it belongs', async () => {
    const { headers } = sign('/v1/_ping');
    // No request id contains them.
    const [apiKey, cookie] = ['another-api-key', 'session=of-a-user'];
    await fetch(`${gateway().url}/v1/_ping?secret=${SECRET}`, {
      headers: { ...headers, 'X-CPG-Key': SECRET, 'X-Api-Key': apiKey, cookie },
    });
    const detail = await openLast();
    expect(detail.exchange?.findings).toEqual([{ code: 'unknown_key', message: expect.any(String) }]);
    for (const secret of [SECRET, apiKey, cookie]) expect(JSON.stringify(detail)).not.toContain(secret);
  });

  it('keeps the start of a long body', async () => {
    const body = JSON.stringify({ currency: 'USDT', network: 'ETH', user_identifier: 'x'.repeat(100_000) });
    await fetch(`${gateway().url}/v1/deposit-addresses`, {
      method: 'POST',
      headers: { ...sign('/v1/deposit-addresses', body).headers, 'content-type': 'application/json' },
      body,
    });
    expect((await openLast()).exchange).toMatchObject({
      body: { text: body.slice(0, 65_536), bytes: body.length, is_cut: true },
      canonical: null,
    });
  });

  it('responds 404 and 422 for unknown and malformed ids', async () => {
    expect(await send('GET', '/requests/999999')).toEqual(NOT_FOUND);
    expect(await send('GET', '/requests/x')).toEqual(rejection('id: Input should be the id of a request'));
  });
});
