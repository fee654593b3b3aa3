import { afterEach, expect, it } from 'vitest';
import { refusal, sandboxCalls } from '../testing/sandbox-calls.ts';

afterEach(() => put('{"state": "up"}'));

const { gateway, send } = sandboxCalls();
const put = (body: string) => send('PUT', '/admission', body);
const state = async () => (await send('GET', '/admission')).body;
const ping = async () => {
  const { status, headers, body } = await gateway().call('/v1/_ping');
  return { status, retryAfter: headers.get('retry-after'), message: body.message };
};
const ADMITTED = { status: 200, retryAfter: null, message: 'OK' };

it.each(['down', 'silent'])('refuses while the store is %s, and admits when it is up again', async (told) => {
  expect(await state()).toEqual({ state: 'up' });
  expect(await put(JSON.stringify({ state: told }))).toEqual({ status: 200, body: { state: told } });
  expect(await state()).toEqual({ state: told });
  const unavailable = { status: 503, retryAfter: '1', message: 'Service temporarily unavailable' };
  expect(await ping()).toEqual(unavailable);
  expect(await put('{"state": "up"}')).toEqual({ status: 200, body: { state: 'up' } });
  expect(await ping()).toEqual(ADMITTED);
});

it.each(['{}', '[]', '{"state": "off"}', '{"state": null}', '{"state": "down", "for": 1}'])(
  'refuses %s, and stays as it was',
  async (body) => {
    expect(await put(body)).toEqual(refusal('state: Input should be up, down or silent'));
    expect(await ping()).toEqual(ADMITTED);
  },
);
