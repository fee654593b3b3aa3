import type { CaseRecord } from '@cpg/conformance/src/core/record.ts';
import { run } from '@cpg/conformance/src/core/run.ts';
import { getExitCode } from '@cpg/conformance/src/core/tally.ts';
import { serverSuite } from '@cpg/conformance/src/server/cases/server-suite.ts';
import { itInCi } from '@cpg/test-support/programs';
import { expect, it } from 'vitest';
import { startServer } from '../reference/server.ts';
import { SERVER } from '../reference/server-parts.ts';
import { DEMO_KEYS as KEYS } from '../suite.ts';

const judgePartial = async (served: readonly string[]) => {
  const parts = { ...SERVER, isServed: (name: string) => served.includes(name) };
  const [url = ''] = (await startServer(parts)).split(' ');
  const options = { url, keys: KEYS, clockUrl: `${url}/_sandbox/clock` };
  const filter = {
    pattern: 'all but the slow',
    matches: (id: string) => !/^server-(?:race-|replay-after-10000)/.test(id),
  };
  const records = await run((plan) => plan.add(serverSuite(options, plan)), { filter });
  const cases = records.filter((record): record is CaseRecord => record.type === 'case');
  const failed = cases.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'notapplicable');
  expect(failed.map(({ id }) => id)).toEqual([]);
  expect(getExitCode(records)).toBe(0);
  return Object.fromEntries(cases.map(({ id, reason }) => [id, reason]));
};

itInCi('passes a correct server that serves ping and balances only', async () => {
  expect(await judgePartial(['ping', 'balances.list'])).toMatchObject({
    'server-syntax-malformed-json': 'the server does not serve POST /v1/withdrawals',
    'server-syntax-key-twice': 'the server does not serve POST /v1/withdrawals',
    'server-syntax-permission-first': 'the server does not serve POST /v1/withdrawals',
    'server-syntax-schema': 'the server does not serve POST /v1/withdrawals',
    'server-syntax-schema-limits': 'the server does not serve POST /v1/withdrawals',
    'server-replay-after-422': 'the server does not serve POST /v1/withdrawals',
    'server-withdrawal-without-permission': 'the server does not serve POST /v1/withdrawals',
    'server-withdrawal-get-unknown': 'the server does not serve GET /v1/withdrawals/{withdrawal_id}',
    'server-rate-permission-refusals-count': 'the server does not serve GET /v1/withdrawals/{withdrawal_id}',
    'server-route-other-method': undefined,
    'server-balances-order': undefined,
  });
});

it('passes a correct server that serves ping only', async () => {
  expect(await judgePartial(['ping'])).toMatchObject({
    'server-route-other-method': 'the server does not serve GET /v1/balances',
    'server-replay-after-403': 'the server does not serve GET /v1/balances',
    'server-replay-bare-question-mark': 'the server does not serve GET /v1/balances',
    'server-balances-order': 'the server does not serve GET /v1/balances',
  });
});

itInCi('passes a correct server that makes withdrawals but does not serve them', async () => {
  expect(await judgePartial(['ping', 'balances.list', 'withdrawals.create'])).toMatchObject({
    'server-withdrawal-get': 'the server does not serve GET /v1/withdrawals/{withdrawal_id}',
    'server-withdrawal-get-other-account': 'the server does not serve GET /v1/withdrawals/{withdrawal_id}',
    'server-withdrawal-id-grammar': 'the server does not serve GET /v1/withdrawals/{withdrawal_id}',
    'server-withdrawal-answer': undefined,
  });
});
