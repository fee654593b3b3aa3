import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { exitCodeOf } from '../core/exit-code.ts';
import type { CaseRecord } from '../core/record.ts';
import { run } from '../core/run.ts';
import { startServer } from '../strength/reference/server.ts';
import { SERVER } from '../strength/reference/server-parts.ts';
import { serverSuite } from './server-suite.ts';
import { parseTestKeys } from './test-keys.ts';

const KEYS = parseTestKeys(readFileSync(new URL('../../demo-keys.json', import.meta.url), 'utf8'));

it.each([
  ['ping and balances', ['ping', 'balances.list']],
  ['ping only', ['ping']],
  ['withdrawals without reading them', ['ping', 'balances.list', 'withdrawals.create']],
])(
  'accuses a correct server of nothing when it serves %s',
  async (_name, served) => {
    const [url = ''] = (await startServer({ ...SERVER, isServed: (name) => served.includes(name) })).split(
      ' ',
    );
    const options = { url, keys: KEYS, clockUrl: `${url}/_sandbox/clock` };
    const filter = { pattern: 'all but the slow', matches: (id: string) => !id.startsWith('server-race-') };
    const records = await run((plan) => plan.add(serverSuite(options, plan)), { filter });
    const cases = records.filter((record): record is CaseRecord => record.type === 'case');
    const accused = cases.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'notapplicable');
    expect(accused.map(({ id }) => id)).toEqual([]);
    expect(exitCodeOf(records)).toBe(0);
    const reasons = Object.fromEntries(cases.map(({ id, reason }) => [id, reason]));
    if (served.includes('withdrawals.create')) return;
    for (const id of ['malformed-json', 'permission-first', 'schema', 'schema-limits'])
      expect(reasons[`server-syntax-${id}`]).toBe('the server does not serve POST /v1/withdrawals');
    expect(reasons['server-replay-after-422']).toBe('the server does not serve POST /v1/withdrawals');
    expect(reasons['server-rate-permission-refusals-count']).toBe(
      'the server does not serve GET /v1/withdrawals/{withdrawal_id}',
    );
    const isServing = served.includes('balances.list');
    for (const id of ['server-route-other-method', 'server-replay-after-403', 'server-balances-order'])
      expect(reasons[id]).toBe(isServing ? undefined : 'the server does not serve GET /v1/balances');
  },
  60_000,
);
