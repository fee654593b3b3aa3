import { execFile, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startBuiltGateway } from '@cpg/test-support/gateway-process';
import { findFreePort, listen } from '@cpg/test-support/ports';
import { startPostgres } from '@cpg/test-support/postgres';
import { readLines } from '@cpg/test-support/processes';
import { itInCi } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CPG_ERROR_CODES, CpgError, type CpgErrorCode } from './errors.ts';
import { makeWebhook } from './testing/signed-messages.ts';
import { webhooks } from './webhooks/webhook-receiver.ts';

const run = promisify(execFile);
const PACKAGE = join(import.meta.dirname, '..');
const README = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
const DOCUMENTATION = readFileSync(join(PACKAGE, '../../apps/docs/packages/client.md'), 'utf8');
const FROM_SOURCE = '--conditions=@cpg/source';

let folder: string;
let environment: NodeJS.ProcessEnv;
/** Resolves to what the compiler printed: nothing if all examples compile. */
let compilerOutput: Promise<string>;
let stopGateway = async (): Promise<unknown> => undefined;

beforeAll(async () => {
  // Inside the package, so that the examples can import it by name.
  folder = mkdtempSync(join(PACKAGE, '.readme-'));
  compilerOutput = compileExamples();
  const gateway = await startBuiltGateway({ CPG_CHAIN_SETTLE_SECONDS: '0' });
  stopGateway = gateway.stop;
  environment = {
    PATH: process.env.PATH,
    // Most of an example's time would be spent on compiling the same sources again.
    NODE_COMPILE_CACHE: join(PACKAGE, 'node_modules/.cache/readme'),
    CPG_BASE_URL: gateway.url,
    CPG_KEY_ID: 'ck_demo_full',
    CPG_SECRET: 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION',
    CPG_WEBHOOK_SECRET: 'readme-webhook-DO-NOT-USE-IN-PRODUCTION',
  };
});
afterAll(async () => {
  await compilerOutput;
  await stopGateway();
  rmSync(folder, { recursive: true });
});

const blocks = [...DOCUMENTATION.matchAll(/```ts ([a-z-]+)\n([\s\S]*?)```/g)].map(
  ([, name = '', code = '']) => ({
    name,
    code,
  }),
);

const write = (name: string): string => {
  const block = blocks.find((each) => each.name === name);
  if (block === undefined) throw new Error(`The documentation has no example ${name}.`);
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, block.code);
  return file;
};

/** Compiles all examples, in parallel with the tests. */
const compileExamples = async (): Promise<string> => {
  for (const { name } of blocks) write(name);
  const config = { extends: '@cpg/tsconfig/base.json', include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(PACKAGE, '../../node_modules/.bin/tsc');
  try {
    await run(tsc, ['--project', folder], { cwd: PACKAGE });
    return '';
  } catch (error) {
    const { stdout, message } = error as Error & { readonly stdout?: string };
    return stdout || message;
  }
};

const runExample = async (name: string, ...options: readonly string[]): Promise<string> =>
  (await run(process.execPath, [FROM_SOURCE, ...options, write(name)], { env: environment })).stdout;

/** The OpenTelemetry SDK of a service, which prints each span. */
const PRINT_SPANS = join(PACKAGE, '../../tooling/test-support/src/client/print-spans.ts');

describe('the documentation', () => {
  it.each<[string, RegExp]>([
    ['start', /^1300\.000000 on ETH\n250\.000000 on TRX\n1550 in all\n$/],
    ['withdraw', /^25\.000000 USDT: confirmed\n$/],
    [
      'transactions',
      /on the first page, more: false\n(?:\d+ \d+\.\d+ \w+\n)+a page of \d+\n\d+ of at most 500\n\d+ 200 1 (?:undefined|\S+)\n$/,
    ],
    ['errors', /^not enough\n$/],
    ['configuration', /^currencies\.list 1\n200 true\n(?:[A-Z]+\/[A-Z]+ ?)+\nping 1\n200 true\n$/],
    ['transports', /^true\ntrue\ntrue\n$/],
    ['adapters', /^\d+\.\d{6}\n200\n$/],
    ['testing', /^$/],
  ])('has a working example %s', async (name, output) => {
    expect(await runExample(name)).toMatch(output);
  });

  it('has spans of OpenTelemetry for each attempt', async () => {
    const lines = (await runExample('telemetry', '--import', PRINT_SPANS)).trim().split('\n');
    const target = (path: string) => ({ 'url.full': `${environment.CPG_BASE_URL}${path}` });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        name: 'balances.list',
        kind: SpanKind.CLIENT,
        status: { code: SpanStatusCode.UNSET },
        attributes: {
          ...target('/v1/balances?currency=USDT'),
          'http.request.resend_count': 0,
          'http.response.status_code': 200,
        },
      },
      {
        name: 'withdrawals.get',
        status: { code: SpanStatusCode.ERROR, message: 'status 404' },
        attributes: { ...target('/v1/withdrawals/1000000'), 'http.response.status_code': 404 },
      },
    ]);
  });

  /** Starts a receiver, delivers the same event twice, and returns what the program printed. */
  const deliverTwice = async (name: string, more: NodeJS.ProcessEnv = {}): Promise<readonly string[]> => {
    const port = await findFreePort();
    const child = spawn(process.execPath, [FROM_SOURCE, write(name)], {
      env: { ...environment, ...more, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = readLines(child.stdout);
    expect((await lines.next()).value).toBe('listening');
    const deliver = async () => {
      const { headers, body } = makeWebhook({
        secret: environment.CPG_WEBHOOK_SECRET ?? '',
        event: 'deposit.confirmed',
        data: { user_identifier: 'user-1', amount: '5.000000' },
      });
      const init = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body };
      return (await fetch(`http://127.0.0.1:${port}/webhooks/cpg`, init)).status;
    };
    expect([await deliver(), await deliver()]).toEqual([200, 200]);
    child.kill();
    const rest: string[] = [];
    for await (const line of lines) rest.push(line);
    return rest;
  };

  it.each([
    ['webhooks', 'credit user-1 5.000000'],
    ['webhooks-http', '1 deposit.confirmed'],
    ['webhooks-fastify', '1 deposit.confirmed'],
  ])('has a receiver %s that handles an event once', async (name, line) => {
    expect(await deliverTwice(name)).toEqual([line]);
  });

  itInCi('has a receiver with an inbox in Redis', async () => {
    const redis = await RedisServer.start();
    try {
      const printed = await deliverTwice('webhooks-redis', { REDIS_URL: redis.url });
      expect(printed).toEqual(['1 deposit.confirmed']);
      // Another process does not handle it again.
      expect(await deliverTwice('webhooks-redis', { REDIS_URL: redis.url })).toEqual([]);
    } finally {
      await redis.stop();
    }
  });

  itInCi('has a receiver with an inbox in PostgreSQL', async () => {
    const postgres = await startPostgres();
    const pool = new pg.Pool({ connectionString: postgres.url });
    try {
      for (let run = 0; run < 2; run += 1) {
        expect(await deliverTwice('webhooks-postgres', { DATABASE_URL: postgres.url })).toEqual([]);
      }
      const { rows } = await pool.query('SELECT * FROM credit');
      expect(rows).toEqual([{ user_identifier: 'user-1', amount: '5.000000' }]);
    } finally {
      await pool.end();
      await postgres.stop();
    }
  });

  it('has working commands', async () => {
    const commands = DOCUMENTATION.match(/## Command line[\s\S]*?```sh\n([\s\S]*?)```/)?.[1] ?? '';
    const npx = join(folder, 'npx');
    const main = join(PACKAGE, 'src/cli/main.ts');
    writeFileSync(npx, `#!/bin/sh\nshift\nexec '${process.execPath}' ${FROM_SOURCE} '${main}' "$@"\n`);
    chmodSync(npx, 0o755);
    const secret = environment.CPG_WEBHOOK_SECRET ?? '';
    const receive = webhooks.receiver({ secret, onEvent: () => undefined });
    const receiver = createServer((request, response) => receive(request, response, () => undefined));
    const port = await listen(receiver);
    const env = {
      ...environment,
      PATH: `${folder}:${environment.PATH}`,
      XDG_CONFIG_HOME: folder,
      RECEIVER_URL: `http://127.0.0.1:${port}/webhooks`,
    };
    const { stdout } = await run('sh', ['-e', '-c', commands], { env });
    receiver.close();
    expect(stdout).toMatch(/^pong \(1 attempt\)\./);
    expect(stdout).toMatch(/^USDT +TRX +250\.000000 +0\.000000 +250\.000000$/m);
    expect(stdout).toContain('"status": "confirmed"');
    expect(stdout).toMatch(/^X-CPG-Signature: [0-9a-f]{64}$/m);
    expect(stdout).toMatch(/^deposit\.confirmed \d+ → 200 \(\d+ ms\)$/m);
  });

  it('lists every command', async () => {
    const main = join(PACKAGE, 'src/cli/main.ts');
    const { stdout } = await run(process.execPath, [FROM_SOURCE, main, '--help'], { env: environment });
    const [, section = ''] = /^## Command line$(.*)/ms.exec(DOCUMENTATION) ?? [];
    const listed = [...section.matchAll(/^\| (`.*?) +\| /gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z-]+)/g)].map(([, name]) => name),
    );
    const existing = [...stdout.matchAll(/^ {2}([a-z][a-z-]*) (?:\[options\] |<| {2})/gm)].map(
      ([, name]) => name,
    );
    expect(listed.toSorted()).toEqual(existing.filter((name) => name !== 'help').toSorted());
  });

  it('has examples that compile', async () => {
    expect(await compilerOutput).toBe('');
  });

  it('explains every error code', () => {
    const [beforeCommands = ''] = DOCUMENTATION.split('## Command line');
    const explained = [...beforeCommands.matchAll(/^\| `([a-z_]+)` +\|/gm)].map(([, code]) => code);
    expect(explained).toEqual(['code', ...Object.keys(CPG_ERROR_CODES)]);
    const classes = [...DOCUMENTATION.matchAll(/^\| `([a-z_]+)` +\| `(\w+)` +\|/gm)];
    expect(classes.map(([, code, name]) => [code, name])).toEqual(
      Object.keys(CPG_ERROR_CODES).map((code) => [code, new CpgError(code as CpgErrorCode, '').name]),
    );
  });

  it('has no untested example', () => {
    expect(blocks.map(({ name }) => name)).toEqual([
      'start',
      'transactions',
      'withdraw',
      'errors',
      'configuration',
      'transports',
      'telemetry',
      'webhooks',
      'webhooks-http',
      'webhooks-fastify',
      'webhooks-postgres',
      'webhooks-redis',
      'adapters',
      'testing',
    ]);
    expect(DOCUMENTATION.match(/```ts/g)).toHaveLength(blocks.length);
  });

  it('has every example of the README', () => {
    const examples = README.match(/^```[\s\S]*?^```/gm) ?? [];
    expect(examples.length).toBeGreaterThan(0);
    expect(examples.filter((example) => !DOCUMENTATION.includes(example))).toEqual([]);
  });
});
