import { describe, expect, it } from 'vitest';
import { BALANCE } from '../test-support/credentials.ts';
import { CpgClient } from './cpg-client.ts';
import { ScriptedGateway } from './testing/scripted-gateway.ts';

describe('several processes with one key', () => {
  it('survive making the same reads in the same second: the gateway accepts each signature once', async () => {
    const gateway = await ScriptedGateway.start();
    gateway.reply('balances.list', { data: [BALANCE] });
    const clients = Array.from(
      { length: 4 },
      () => new CpgClient({ ...gateway.clientOptions, maxRetries: 6 }),
    );
    const reads = Array.from({ length: 5 }, () =>
      clients.map((client) => client.balances.list().withResponse()),
    );
    const outcomes = await Promise.all(reads.flat());
    expect(outcomes.every(({ result }) => result.data[0]?.available === BALANCE.available)).toBe(true);
    expect(gateway.requests).toHaveLength(20);
    // They did collide, or this test shows nothing.
    expect(outcomes.some(({ response }) => response.attempts > 1)).toBe(true);
    for (const client of clients) client.close();
    await gateway.stop();
  });
});
