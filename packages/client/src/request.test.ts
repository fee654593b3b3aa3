import {
  catchError,
  isAuthentic,
  SECRET,
  startServerAndClient,
  stopAll,
} from '@cpg/test-support/client/fixtures';
import { getHeader, ok, type RawHandler, reject, respond } from '@cpg/test-support/raw-server';
import { afterEach, describe, expect, it } from 'vitest';
import { OutcomeUnknownError } from './errors.ts';

afterEach(stopAll);

const lost: RawHandler = (socket) => socket.destroy();

describe('request', () => {
  it('sends a signed GET to any target and returns the envelope', async () => {
    const { server, client } = await startServerAndClient((socket) => ok(socket, { id: 7, new_field: 'x' }));
    const call = client.request<{ id: number }>('get', '/v1/invoices/7?b=2&a=%20');
    const { result, response } = await call.withResponse();
    expect(result).toEqual({ success: true, message: 'OK', data: { id: 7, new_field: 'x' } });
    expect(response).toMatchObject({ status: 200, attempts: 1 });
    const [request] = server.requests;
    expect(request?.requestLine).toBe('GET /v1/invoices/7?b=2&a=%20 HTTP/1.1');
    expect(request && isAuthentic(request, SECRET)).toBe(true);
  });

  it.each<[string, unknown, string]>([
    ['an object', { amount: '5', note: 'é' }, '{"amount":"5","note":"é"}'],
    ['null', null, 'null'],
    ['text', '{"a": 1}', '{"a": 1}'],
    ['bytes', Buffer.from([0x7b, 0x7d, 0xff]), '{}\u00ff'],
    ['a view of a larger buffer', new Uint8Array([1, 0x7b, 0x7d, 1]).subarray(1, 3), '{}'],
  ])('signs and sends a body of %s', async (_, body, sent) => {
    const { server, client } = await startServerAndClient((socket) => ok(socket, {}));
    await client.request('POST', '/v1/invoices', { body });
    const [request] = server.requests;
    const encoding = sent.endsWith('\u00ff') ? 'latin1' : 'utf8';
    expect(request?.body.toString(encoding)).toBe(sent);
    expect(request && getHeader(request, 'Content-Type')).toBe('application/json');
    expect(request && isAuthentic(request, SECRET)).toBe(true);
  });

  it('retries a GET, and other methods only with an idempotencyReference', async () => {
    const fail: RawHandler = (socket, _, index) => (index < 2 ? socket.destroy() : ok(socket, {}));
    const read = await startServerAndClient(fail);
    expect((await read.client.request('GET', '/v1/x').withResponse()).response.attempts).toBe(3);
    const write = await startServerAndClient(fail);
    const options = { body: { idempotency_key: 'k' }, idempotencyReference: 'k' };
    expect((await write.client.request('PUT', '/v1/x', options).withResponse()).response.attempts).toBe(3);
    expect(new Set(write.server.requests.map(({ body }) => String(body)))).toEqual(
      new Set(['{"idempotency_key":"k"}']),
    );
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('reports the unknown outcome of a lost %s', async (method) => {
    const { server, client } = await startServerAndClient(lost);
    const error = await catchError(client.request(method, '/v1/x'));
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect((error as Error).message).toMatch(`${method} /v1/x: no usable response was received`);
    expect(server.requests).toHaveLength(1);
  });

  it('gives identical reads the parameter, as calls with types', async () => {
    const { server, client } = await startServerAndClient((socket) => ok(socket, {}));
    await Promise.all([client.request('GET', '/v1/x?a=1'), client.request('GET', '/v1/x?a=1')]);
    expect(server.requests.map(({ target }) => target.replace(/=[0-9a-f-]{36}$/, '=…')).sort()).toEqual([
      '/v1/x?a=1',
      '/v1/x?a=1&_=…',
    ]);
  });

  it('rejects like other calls, and names method and path, not the query', async () => {
    const { client } = await startServerAndClient((socket) => reject(socket, [404, 'Not found']));
    expect(await catchError(client.request('GET', '/v1/x?token=1'))).toMatchObject({
      code: 'not_found',
      message: 'GET /v1/x: 404 Not found',
    });
  });

  it.each<[string, unknown, string, string]>([
    ['no envelope', null, '', 'Input should be an object'],
    ['success: false', { success: false, data: 1 }, 'success', "Input should be 'true'"],
    ['no data', { success: true, message: 'OK' }, 'data', 'Field required'],
  ])('rejects a success with %s', async (_, body, path, problem) => {
    const { client } = await startServerAndClient((socket) =>
      respond(socket, { status: 200, body: JSON.stringify(body) }),
    );
    const error = await catchError(client.request('GET', '/v1/x'));
    expect(error).toMatchObject({ code: 'invalid_response', path });
    expect((error as Error).message).toContain(problem);
  });

  const circular: Record<string, unknown> = {};
  circular.self = circular;
  it.each<[unknown, unknown, unknown, string]>([
    ['HEAD', '/v1/x', undefined, 'the method must be GET, POST, PUT, PATCH or DELETE: got a string'],
    [7, '/v1/x', undefined, 'the method must be'],
    ['GET', 'v1/x', undefined, 'the target must be a path'],
    ['GET', 'https://gateway.example/v1/x', undefined, 'the target must be a path'],
    ['GET', '/v1/a b', undefined, 'the target must be a path'],
    ['GET', '/v1/é', undefined, 'the target must be a path'],
    ['GET', undefined, undefined, 'the target must be a path'],
    ['GET', '/v1/../v2/x', undefined, 'the target must be normalized. Fix: "/v2/x"'],
    ['GET', "/v1/x?a='b'", undefined, 'the target must be normalized. Fix: "/v1/x?a=%27b%27"'],
    ['GET', '/v1/x', {}, 'a GET request cannot have a body'],
    ['POST', '/v1/x', () => 1, 'the body must be JSON, text or bytes: got a function'],
    ['POST', '/v1/x', circular, 'the body must be JSON, text or bytes: got an object'],
  ])('rejects %j %j with the body %o', async (method, target, body, problem) => {
    const { server, client } = await startServerAndClient((socket) => ok(socket, {}));
    const error = await catchError(client.request(method as string, target as string, { body }));
    expect(error).toMatchObject({ code: 'invalid_request', attempts: 0 });
    expect((error as Error).message).toContain(problem);
    expect(server.requests).toHaveLength(0);
  });
});
