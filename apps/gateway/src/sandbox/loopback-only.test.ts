import type { NextFunction, Request, Response } from 'express';
import { expect, it, vi } from 'vitest';
import { loopbackOnly } from './loopback-only.ts';

const ask = (remoteAddress: string | undefined, ip = remoteAddress) => {
  const next = vi.fn() as unknown as NextFunction;
  const response = { status: vi.fn().mockReturnThis(), json: vi.fn() };
  loopbackOnly({ socket: { remoteAddress }, ip } as Request, response as unknown as Response, next);
  return { isServed: vi.mocked(next).mock.calls.length === 1, status: response.status.mock.calls[0]?.[0] };
};

it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])('serves %s', (address) => {
  expect(ask(address)).toEqual({ isServed: true, status: undefined });
});

it.each(['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1', '128.0.0.1', '127.evil', undefined])(
  'hides from %s',
  (address) => {
    expect(ask(address)).toEqual({ isServed: false, status: 404 });
  },
);

it('believes a trusted proxy that its client is elsewhere, but nobody that he is here', () => {
  expect(ask('127.0.0.1', '203.0.113.5').isServed).toBe(false);
  expect(ask('203.0.113.5', '127.0.0.1').isServed).toBe(false);
});
