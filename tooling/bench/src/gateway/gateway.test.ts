import { itInCi } from '@cpg/test-support/programs';
import { expect, vi } from 'vitest';
import { benchGateway } from './gateway.ts';

itInCi('the benchmark of the gateway measures withdrawals beside pgbench, pages and the audit', async () => {
  const printed: string[] = [];
  const write = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => printed.push(String(text)) > 0);
  await benchGateway(['withdrawals', 'growth'], 'quick').finally(() => write.mockRestore());
  const text = printed.join('');
  expect(text).toMatch(/pgbench, the 2 statements +\d+ µs CPU of PostgreSQL a withdrawal, \d+\/s/);
  expect(text).toMatch(/page of 200, status=failed +p50/);
  expect(text).toContain(' 0 violations');
});
