import type { NextFunction, Request, Response } from 'express';
import { expect, it, vi } from 'vitest';
import { sameSiteOnly } from './same-site-only.ts';

it.each([
  ['127.0.0.1:8787', undefined, true],
  ['localhost:8787', undefined, true],
  ['[::1]:8787', undefined, true],
  ['localhost:8787', 'http://localhost:8787', true],
  ['localhost:8787', 'http://localhost:3000', false],
  ['localhost:8787', 'https://evil.example', false],
  ['localhost:8787', 'null', false],
  ['rebound.example:8787', undefined, false],
  ['rebound.example:8787', 'http://rebound.example:8787', false],
  ['10.0.0.1:8787', undefined, false],
  ['not a host', undefined, false],
  [undefined, undefined, false],
])('Host %s with Origin %s: %s', (host, origin, isServed) => {
  const next = vi.fn() as unknown as NextFunction;
  const response = { status: vi.fn().mockReturnThis(), json: vi.fn() } as unknown as Response;
  sameSiteOnly({ headers: { host, origin } } as Request, response, next);
  expect(vi.mocked(next).mock.calls.length === 1).toBe(isServed);
  if (!isServed) expect(response.status).toHaveBeenCalledWith(403);
});
