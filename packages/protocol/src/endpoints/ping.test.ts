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

it('answers pong', () => {
  const answer = { success: true, message: 'OK', data: { pong: true } };
  expect(ping.response.parse(answer)).toEqual(answer);
  expect(ping.response.safeParse({ ...answer, data: { pong: false } }).success).toBe(false);
});
