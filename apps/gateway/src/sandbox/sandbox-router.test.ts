import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, TEST_NOW, type TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const setClock = async (body: string) => {
  const response = await fetch(`${gateway.url}/_sandbox/clock`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return { status: response.status, body: await response.json() };
};

describe('/_sandbox/clock', () => {
  it('freezes the clock, and returns it to real time', async () => {
    expect(await setClock(`{"now": ${TEST_NOW + 100}}`)).toEqual({
      status: 200,
      body: { now: TEST_NOW + 100, frozen: true },
    });
    expect(gateway.clock.now()).toBe((TEST_NOW + 100) * 1000);
    expect(await setClock('{"now": null}')).toMatchObject({ status: 200, body: { frozen: false } });
    const read = await fetch(`${gateway.url}/_sandbox/clock`);
    expect(await read.json()).toMatchObject({ frozen: false });
  });

  it.each(['{}', '{"now": -1}', '{"now": 1.5}', '{"now": "1"}', '{"now": 1, "then": 2}', '[]'])(
    'refuses %s',
    async (body) => {
      expect(await setClock(body)).toEqual({
        status: 422,
        body: { success: false, message: 'now: Input should be Unix seconds, or null for real time' },
      });
    },
  );
});
