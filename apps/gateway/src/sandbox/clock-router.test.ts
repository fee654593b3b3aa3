import { describe, expect, it } from 'vitest';
import { refusal, sandboxCalls } from '../testing/sandbox-calls.ts';
import { TEST_NOW } from '../testing/test-gateway.ts';

const { gateway, send } = sandboxCalls();

describe('/_sandbox/clock', () => {
  it('freezes the clock, and returns it to real time', async () => {
    const frozen = { now: TEST_NOW + 100, frozen: true };
    expect(await send('PUT', '/clock', { now: TEST_NOW + 100 })).toEqual({ status: 200, body: frozen });
    expect(gateway().clock.now()).toBe((TEST_NOW + 100) * 1000);
    expect(await send('PUT', '/clock', { now: null })).toMatchObject({
      status: 200,
      body: { frozen: false },
    });
    expect(await send('GET', '/clock')).toMatchObject({ status: 200, body: { frozen: false } });
  });

  it.each([
    '{}',
    '{"now": -1}',
    '{"now": 253402300800}',
    '{"now": 1.5}',
    '{"now": "1"}',
    '{"now": 1, "then": 2}',
    '[]',
  ])('refuses %s', async (body) => {
    expect(await send('PUT', '/clock', body)).toEqual(
      refusal('now: Input should be Unix seconds, or null for real time'),
    );
  });
});
