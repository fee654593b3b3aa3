import { describe, expect, it } from 'vitest';
import { BALANCE } from '../test-support/credentials.ts';
import { FakeTime } from '../test-support/fake-time.ts';
import { CpgClient } from './cpg-client.ts';
import { ScriptedGateway } from './testing/scripted-gateway.ts';

const NOW = 1_747_440_000;

describe('two processes with one key', () => {
  it('survive making the same reads in the same second: the gateway accepts each signature once', async () => {
    const gateway = await ScriptedGateway.start({ now: () => NOW });
    gateway.reply('balances.list', { data: [BALANCE] });
    // Which second a retry takes is up to chance: 20 retries make a failure as likely as one in a billion runs.
    const makeClient = () =>
      new CpgClient({ ...gateway.clientOptions, maxRetries: 20, time: new FakeTime(NOW * 1000) });
    const clients = [makeClient(), makeClient()];
    const reads = Array.from({ length: 5 }, () =>
      clients.map((client) => client.balances.list().withResponse()),
    );
    const outcomes = await Promise.all(reads.flat());
    expect(outcomes.every(({ result }) => result.data[0]?.available === BALANCE.available)).toBe(true);
    expect(gateway.requests).toHaveLength(10);
    // They did collide, or this test shows nothing.
    expect(outcomes.some(({ response }) => response.attempts > 1)).toBe(true);
    for (const client of clients) client.close();
    await gateway.stop();
  });
});
