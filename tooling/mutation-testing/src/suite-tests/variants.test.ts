import { clientSuite } from '@cpg/conformance/src/client/cases/client-suite.ts';
import { createCaseFilter } from '@cpg/conformance/src/core/case-filter.ts';
import type { CaseRecord, ResultRecord } from '@cpg/conformance/src/core/record.ts';
import { run } from '@cpg/conformance/src/core/run.ts';
import { serverSuite } from '@cpg/conformance/src/server/cases/server-suite.ts';
import { expect, it } from 'vitest';
import { CLIENT_VARIANTS, SERVER_VARIANTS } from '../mutants/variants.ts';
import { startServer } from '../reference/server.ts';
import { SERVER } from '../reference/server-parts.ts';
import { DEMO_KEYS as KEYS } from '../suite.ts';
import { commandFor } from '../trial.ts';

const failures = (records: readonly ResultRecord[]) => {
  const cases = records.filter((record): record is CaseRecord => record.type === 'case');
  const judged = cases.filter(({ verdict }) => verdict !== 'notapplicable');
  expect(judged.length).toBeGreaterThan(0);
  return judged.filter(({ verdict }) => verdict !== 'pass').map(({ id, diff }) => [id, diff]);
};

it.each(SERVER_VARIANTS)('passes a correct server: $id', async ({ alter, cases }) => {
  const [url = ''] = (await startServer({ ...SERVER, ...alter(SERVER) })).split(' ');
  const options = { url, keys: KEYS, clockUrl: `${url}/_sandbox/clock` };
  const filter = createCaseFilter(cases);
  expect(failures(await run((plan) => plan.add(serverSuite(options, plan)), { filter }))).toEqual([]);
});

it.each(CLIENT_VARIANTS)('passes a correct client: $id', async ({ id, cases }) => {
  const command = commandFor({ program: 'run-mutant.ts', argv: ['client', id] });
  const filter = createCaseFilter(cases);
  expect(failures(await run((plan) => plan.add(clientSuite(command, plan)), { filter }))).toEqual([]);
});
