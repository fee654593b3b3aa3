import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { holdAndBroadcast } from '@cpg/gateway/chain/hold-and-broadcast.ts';
import { openDatabase } from '@cpg/gateway/database/open-database.ts';
import { createWithdrawal } from '@cpg/gateway/ledger/withdrawals.ts';
import pg from 'pg';
import { getAccount, type Ledger } from './environment.ts';

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The statements that work sends through pg in this process. */
const recordStatements = async (work: () => Promise<unknown>): Promise<readonly Statement[]> => {
  const recorded: Statement[] = [];
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (this: pg.Client, ...parameters: readonly unknown[]) {
    const [first, second] = parameters;
    const config = Object(typeof first === 'string' ? { text: first, values: second } : first);
    recorded.push({ text: config.text, values: config.values ?? [] });
    return query.apply(this, parameters as never) as never;
  } as never;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query;
  }
  return recorded;
};

// The first part of the reference that the script replaces.
const REFERENCE = 'recorded-';

const formatLiteral = (value: unknown): string => {
  if (value === null) return 'NULL';
  if (value === getAccount(0).id) return "('acct_bench_' || CAST(:account AS text))";
  if (String(value).startsWith(REFERENCE)) return "('pgbench-' || CAST(:reference AS text))";
  if (value instanceof Date) return formatLiteral(value.toISOString());
  // A signature: no two withdrawals may have the same.
  if (Buffer.isBuffer(value)) return 'sha256(gen_random_uuid()::text::bytea)';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `ARRAY[${value.map(formatLiteral).join(', ')}]`;
  // pgbench would take `:name` in a text for a variable.
  const parts = String(value)
    .split(':')
    .map((part) => `'${part.replaceAll("'", "''")}'`);
  return `(${parts.join(' || chr(58) || ')})`;
};

const formatStatement = ({ text, values }: Statement): string =>
  text
    .replace(/--.*$/gm, '')
    .replaceAll(/'([^']*)'/g, (all, literal: string) =>
      literal.includes(':') ? formatLiteral(literal) : all,
    )
    .replaceAll(/\$(\d+)/g, (_all, number: string) => formatLiteral(values[Number(number) - 1]))
    .replaceAll(/\s+/g, ' ');

interface StatementsOptions {
  /** The number of accounts to choose from. */
  readonly rows: number;
  readonly seconds: number;
}

export interface StatementFigures {
  readonly statements: number;
  readonly perSecond: number;
  readonly databaseCpu: number;
}

/** Runs the statements of a withdrawal with pgbench over eight connections: the limit that the database sets. */
export const benchStatements = async (
  ledger: Ledger,
  { rows, seconds }: StatementsOptions,
): Promise<StatementFigures> => {
  const { id, keyId } = getAccount(0);
  const statements = await recordStatements(async () => {
    const db = await openDatabase({ databaseUrl: ledger.url, dataDir: undefined });
    await createWithdrawal(
      db,
      {
        accountId: id,
        currency: 'USDT',
        network: 'ETH',
        amount: '10.5',
        toAddress: '0x52908400098527886E0F7030069857D2E4169EE7',
        clientReference: `${REFERENCE}${randomUUID()}`,
        signed: { keyId, signature: randomBytes(32) },
        at: new Date(),
      },
      holdAndBroadcast,
    );
    await db.destroy();
  });
  const folder = mkdtempSync(join(tmpdir(), 'cpg-pgbench-'));
  const file = join(folder, 'withdrawal.sql');
  const variables = [`\\set account random(0, ${rows - 1})`, '\\set reference random(1, 1000000000000000)'];
  writeFileSync(
    file,
    `${[...variables, ...statements.map((each) => `${formatStatement(each)};`)].join('\n')}\n`,
  );
  const { hostname, port, pathname, username } = new URL(ledger.url);
  const target = ['-h', hostname, '-p', port, '-U', username, pathname.slice(1)];
  const before = ledger.readDatabaseCpu();
  const options = ['-n', '-M', 'prepared', '-c', '8', '-T', String(seconds), '-f', file];
  const { stdout } = await promisify(execFile)('pgbench', [...options, ...target]);
  rmSync(folder, { recursive: true });
  const transactions = Number(/transactions actually processed: (\d+)/.exec(stdout)?.[1]);
  const perSecond = Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
  // The backends of pgbench have ended: their time is that of the children that the postmaster has waited for.
  const databaseCpu = (ledger.readDatabaseCpu() - before) / transactions;
  return { statements: statements.length, perSecond, databaseCpu };
};
