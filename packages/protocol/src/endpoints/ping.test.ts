import { expect, it } from 'vitest';
import { ping } from './ping.ts';

it('is GET /v1/_ping, without a permission', () => {
  expect(ping).toMatchObject({
    name: 'ping',
    method: 'GET',
    path: '/v1/_ping',
    permission: null,
    body: null,
  });
});

it('reads pong', () => {
  const response = { success: true, message: 'OK', data: { pong: true } };
  expect(ping.response.parse(response)).toEqual(response);
  expect(ping.response.safeParse({ ...response, data: { pong: false } }).success).toBe(false);
});
