import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { GatewayProcess } from '@cpg/test-support/gateway-process';
import { median } from '../protocol/measure.ts';
import { type Environment, type Ledger, readCpu, type Sizes, startEnvironment } from './environment.ts';
import { benchStatements } from './pgbench.ts';
import { balancesRequest, sendAll, withdrawalRequest } from './requests.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);
const ROUNDS = 5;
// As of the middlewares: with 2,000 requests a round the threads of the compiler take a fifth of the first 10,000 requests' CPU.
const WARM_UP_ROUNDS = 10;

export interface Contender {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

/** Starts a program that reports its port, and ends with this process. */
export const startProgram = async (
  file: string,
  parameters: readonly string[] = [],
): Promise<Contender & { readonly child: ChildProcess }> => {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), parameters);
  const [port] = (await once(child, 'message')) as [number];
  return { name: parameters.at(-1) ?? file, pid: child.pid as number, port, child };
};

export const getContender = (gateway: GatewayProcess, name = 'gateway'): Contender => ({
  name,
  pid: gateway.child.pid as number,
  port: Number(new URL(gateway.url).port),
});

interface Round {
  /** CPU microseconds of the server for each request. */
  readonly cpu: number;
  readonly databaseCpu: number;
  /** Of the requests that succeeded. */
  readonly perSecond: number;
  /** Requests that got a 503, because the machine was too busy. */
  readonly unavailable: number;
}

const runRound = async (
  { pid, port }: Contender,
  ledger: Ledger,
  requests: readonly Buffer[],
): Promise<Round> => {
  const before = { cpu: readCpu(pid), database: ledger.readDatabaseCpu(), at: performance.now() };
  const count = (await sendAll(port, requests)).length;
  const seconds = (performance.now() - before.at) / 1000;
  return {
    unavailable: requests.length - count,
    cpu: (readCpu(pid) - before.cpu) / count,
    databaseCpu: (ledger.readDatabaseCpu() - before.database) / count,
    perSecond: count / seconds,
  };
};

const summarize = (rounds: readonly Round[]) => ({
  cpu: median(rounds.map(({ cpu }) => cpu)),
  databaseCpu: median(rounds.map(({ databaseCpu }) => databaseCpu)),
  perSecond: median(rounds.map(({ perSecond }) => perSecond)),
  unavailable: rounds.reduce((sum, round) => sum + round.unavailable, 0),
});

const format = ({ cpu, databaseCpu, perSecond, unavailable }: Round): string =>
  `${cpu.toFixed(0)} µs CPU of the server and ${databaseCpu.toFixed(0)} of PostgreSQL a request, ${perSecond.toFixed(0)}/s` +
  (unavailable === 0 ? '' : `, ${unavailable} × 503`);

/** CPU of `GET /v1/balances` beside a bare Express route with pg, in rounds that take turns. */
export const benchBalances = async (environment: Environment): Promise<void> => {
  const { accounts, requests } = environment.sizes;
  const ledger = await environment.createLedger('balances', { accounts });
  const gateway = getContender(await ledger.start());
  const bare = await startProgram('express-program.ts', [ledger.url, 'unprepared']);
  const prepared = await startProgram('express-program.ts', [ledger.url, 'prepared']);
  const contenders = [bare, prepared, gateway];
  const rounds = new Map(contenders.map(({ name }) => [name, [] as Round[]]));
  const createRequests = () =>
    Array.from({ length: requests }, (_, index) => balancesRequest(index % accounts));
  for (let round = 1 - WARM_UP_ROUNDS; round <= ROUNDS; round += 1) {
    for (const contender of contenders) {
      const result = await runRound(contender, ledger, createRequests());
      if (round > 0) rounds.get(contender.name)?.push(result);
    }
  }
  print(`GET /v1/balances, ${accounts} accounts with a key each`);
  const results = new Map([...rounds].map(([name, list]) => [name, summarize(list)]));
  for (const [name, result] of results) {
    const ratio = result.cpu / (results.get('unprepared')?.cpu ?? Number.NaN);
    const label = name === 'gateway' ? 'gateway' : `bare Express + pg, ${name}`;
    print(`  ${label.padEnd(32)} ${format(result)}; ${ratio.toFixed(2)} × bare`);
  }
  for (const { child } of [bare, prepared]) child.disconnect();
  await ledger.stop();
};

/** Withdrawals of many accounts, and on one row, beside pgbench with the statements that the gateway sends. */
export const benchWithdrawals = async (environment: Environment): Promise<void> => {
  const { accounts, requests, seconds } = environment.sizes;
  const ledger = await environment.createLedger('withdrawals', { accounts });
  const gateway = getContender(await ledger.start());
  for (const rows of [accounts, 1]) {
    const rounds: Round[] = [];
    for (let round = 0; round <= 3; round += 1) {
      const wanted = Array.from({ length: Math.ceil(requests / 2) }, (_, index) =>
        withdrawalRequest(index % rows),
      );
      const result = await runRound(gateway, ledger, wanted);
      if (round > 0) rounds.push(result);
    }
    print(`POST /v1/withdrawals, ${rows === 1 ? 'one balance' : `${rows} accounts`}`);
    const result = summarize(rounds);
    print(`  ${'gateway'.padEnd(32)} ${format(result)}`);
    const limit = await benchStatements(ledger, { rows, seconds });
    print(
      `  ${`pgbench, the ${limit.statements} statements`.padEnd(32)} ${limit.databaseCpu.toFixed(0)} µs CPU of PostgreSQL a withdrawal, ` +
        `${limit.perSecond.toFixed(0)}/s; the gateway reaches ${(result.perSecond / limit.perSecond).toFixed(2)} ×`,
    );
  }
  await ledger.stop();
};

interface Target {
  readonly gateway: Contender;
  readonly ledger: Ledger;
}

/** Sends withdrawals to all targets at once, in rounds; returns their sum, and the mean cost of one. */
const runTogether = async (targets: readonly Target[], { accounts, requests }: Sizes): Promise<Round> => {
  const ledgers = [...new Set(targets.map(({ ledger }) => ledger))];
  const readDatabases = () => ledgers.reduce((total, ledger) => total + ledger.readDatabaseCpu(), 0);
  const share = Math.ceil(requests / 2 / targets.length);
  const rounds: Round[] = [];
  for (let round = 0; round <= 3; round += 1) {
    const before = readDatabases();
    const results = await Promise.all(
      targets.map(({ gateway, ledger }, index) => {
        const wanted = Array.from({ length: share }, (_, number) =>
          withdrawalRequest((number * targets.length + index) % accounts),
        );
        return runRound(gateway, ledger, wanted);
      }),
    );
    const sum = (read: (result: Round) => number) =>
      results.reduce((total, result) => total + read(result), 0);
    // The first round warms up.
    if (round > 0)
      rounds.push({
        cpu: sum(({ cpu }) => cpu) / targets.length,
        databaseCpu: (readDatabases() - before) / (share * targets.length),
        perSecond: sum(({ perSecond }) => perSecond),
        unavailable: sum(({ unavailable }) => unavailable),
      });
  }
  return summarize(rounds);
};

/** The same withdrawals over one, two and four processes on one database: what each costs, and the sum. */
export const benchProcesses = async (environment: Environment): Promise<void> => {
  const { sizes } = environment;
  const ledger = await environment.createLedger('processes', { accounts: sizes.accounts });
  const targets: Target[] = [];
  for (const processes of [1, 2, 4]) {
    while (targets.length < processes) targets.push({ gateway: getContender(await ledger.start()), ledger });
    print(
      `POST /v1/withdrawals, processes on one database: ${processes}: ${format(await runTogether(targets, sizes))}`,
    );
  }
  await ledger.stop();
};

/** The same withdrawals over one and two pairs of a gateway and a PostgreSQL server, with half the accounts each. */
export const benchShards = async (environment: Environment): Promise<void> => {
  const { sizes } = environment;
  const other = await startEnvironment(sizes);
  const targets: Target[] = [];
  for (const owner of [environment, other]) {
    const ledger = await owner.createLedger('shards', { accounts: sizes.accounts });
    targets.push({ gateway: getContender(await ledger.start()), ledger });
    print(`POST /v1/withdrawals, databases: ${targets.length}: ${format(await runTogether(targets, sizes))}`);
  }
  for (const { ledger } of targets) await ledger.stop();
  await other.stop();
};
