import { startTestGateway } from '@cpg/test-support/gateway/test-gateway';
import { startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import pg from 'pg';
import { afterEach, expect, it, vi } from 'vitest';

const STATEMENTS = 15;
const MAX_PER_SECOND = 3;

describeInCi('a process without work', () => {
  afterEach(() => vi.restoreAllMocks());

  it(`sends PostgreSQL at most ${MAX_PER_SECOND} statements a second`, async () => {
    const sent: { readonly at: number; readonly text: string }[] = [];
    const { query } = pg.Client.prototype;
    vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...parameters) {
      const [statement] = parameters as readonly unknown[];
      sent.push({ at: performance.now(), text: String(Object(statement).text) });
      return Reflect.apply(query, this, parameters);
    });
    const postgres = await startPostgres();
    const databaseUrl = postgres.createDatabase('idle');
    const gateway = await startTestGateway({ databaseUrl, masterKey: 'ab'.repeat(32) });
    // What a process does once.
    await expect.poll(() => sent.filter(({ text }) => text.includes('waiting')).length).toBeGreaterThan(2);
    sent.length = 0;
    await expect.poll(() => sent.length).toBeGreaterThan(STATEMENTS);
    const [first, last] = [sent[0], sent[STATEMENTS]];
    const seconds = ((last?.at ?? 0) - (first?.at ?? 0)) / 1000;
    expect({ rate: STATEMENTS / seconds, texts: sent.map(({ text }) => text.slice(0, 60)) }).toSatisfy(
      ({ rate }: { readonly rate: number }) => rate <= MAX_PER_SECOND,
    );
    await gateway.close();
    await postgres.stop();
  });
});
