import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGatewayFromSources } from '@cpg/test-support/gateway-process';
import { findFreePort } from '@cpg/test-support/ports';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { CLEAN_ENVIRONMENT, describeInCi, itInCi } from '@cpg/test-support/programs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

// Processes start slowly on a busy machine.
const DEADLINE_MS = 180_000;

const run = (program: string, parameters: readonly string[], environment: Readonly<Record<string, string>>) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const file = fileURLToPath(new URL(program, import.meta.url));
    const options = { env: { ...CLEAN_ENVIRONMENT, ...environment }, timeout: DEADLINE_MS };
    const all = ['--conditions=@cpg/source', '--disable-warning=ExperimentalWarning', file, ...parameters];
    execFile(process.execPath, all, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });

describe('a program with invalid arguments or environment exits with an error', () => {
  const NOWHERE = 'postgresql://cpg:secret@127.0.0.1:1/cpg';
  const NO_SERVER =
    'DATABASE_URL: no server listens on 127.0.0.1, port 1. Fix: start PostgreSQL, or correct the host and the port.\nMore: /docs/errors/gateway.html#database_unavailable\n';
  const CASES: readonly (readonly [
    program: string,
    parameters: readonly string[],
    environment: Readonly<Record<string, string>>,
    expected: { readonly code: number; readonly stderr: string },
  ])[] = [
    [
      'main.ts',
      [],
      { CPG_SANDOBX: 'true', PORT: 'NaN' },
      {
        code: 1,
        stderr:
          'Invalid configuration:\n  PORT: expected a whole number from 0 to 65535: got "NaN"\n  CPG_SANDOBX: unknown variable. Did you mean CPG_SANDBOX?\nMore: /docs/errors/gateway.html#invalid_configuration\n',
      },
    ],
    [
      'audit.ts',
      [],
      { CPG_DATADIR: '/nowhere' },
      {
        code: 2,
        stderr:
          'Invalid configuration:\n  CPG_DATADIR: unknown variable. Did you mean CPG_DATA_DIR?\nMore: /docs/errors/gateway.html#invalid_configuration\n',
      },
    ],
    ['audit.ts', ['--json'], {}, { code: 2, stderr: "error: unknown option '--json'\n" }],
    [
      'audit.ts',
      ['acct_demo'],
      {},
      { code: 2, stderr: 'error: too many arguments. Expected 0 arguments but got 1.\n' },
    ],
    [
      'audit.ts',
      [],
      {},
      {
        code: 2,
        stderr:
          'Expected a persistent database: got none. Fix: set DATABASE_URL or CPG_DATA_DIR as for the gateway.\nMore: /docs/errors/gateway.html#no_persistent_database\n',
      },
    ],
    [
      'audit.ts',
      [],
      { DATABASE_URL: NOWHERE },
      {
        code: 2,
        stderr: NO_SERVER,
      },
    ],
    [
      'keys.ts',
      ['list'],
      { DATABASE_URL: NOWHERE, CPG_MASTER_KEY: 'ab'.repeat(32) },
      {
        code: 1,
        stderr: NO_SERVER,
      },
    ],
    [
      'keys.ts',
      ['list'],
      { CPG_LOG_LEVEL: 'loud' },
      {
        code: 1,
        stderr:
          'Invalid configuration:\n  CPG_LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent: got "loud"\nMore: /docs/errors/gateway.html#invalid_configuration\n',
      },
    ],
  ];
  it.each(CASES)(
    '%s %j with %j',
    async (program, parameters, environment, expected) => {
      expect(await run(program, parameters, environment)).toEqual({ ...expected, stdout: '' });
    },
    DEADLINE_MS,
  );
});

describeInCi(
  'a program whose database cannot be used says in one line what is wrong and how to fix it',
  () => {
    let postgres: Postgres;
    let url: string;
    beforeAll(async () => {
      postgres = await startPostgres();
      url = postgres.createDatabase('cpg_shop');
    }, DEADLINE_MS);
    afterAll(() => postgres.stop());

    const CREATE = ['create', '--account', 'acct_shop', '--create-account'];
    const start = (program: string, databaseUrl: string, masterKey = 'ab'.repeat(32)) =>
      run(program, program === 'keys.ts' ? CREATE : [], {
        DATABASE_URL: databaseUrl,
        CPG_MASTER_KEY: masterKey,
        PORT: '0',
      });

    it.each<[string, (url: string) => string, string]>([
      [
        'a missing database',
        (text) => text.replace('cpg_shop', 'cpg_shpo'),
        'the database cpg_shpo does not exist on 127.0.0.1. Fix: create it (createdb cpg_shpo), or correct the name at the end of the URL.',
      ],
      [
        'a missing role',
        (text) => text.replace('cpg@', 'shop:a-password@'),
        '127.0.0.1 does not let shop in: role "shop" does not exist. Fix: correct the user in the URL, create the role (createuser), or allow it in pg_hba.conf.',
      ],
      [
        'a server without TLS',
        (text) => `${text}?sslmode=verify-full`,
        '127.0.0.1 does not support TLS. Fix: turn on ssl at the server, or remove sslmode from the URL.',
      ],
    ])(
      '%s',
      async (_what, change, expected) => {
        for (const program of ['main.ts', 'keys.ts']) {
          const { code, stdout, stderr } = await start(program, change(url));
          expect([code, stdout, stderr]).toEqual([
            1,
            '',
            `DATABASE_URL: ${expected}\nMore: /docs/errors/gateway.html#database_unavailable\n`,
          ]);
        }
      },
      DEADLINE_MS,
    );

    it(
      'another master key',
      async () => {
        expect(await start('keys.ts', url)).toMatchObject({ code: 0 });
        for (const program of ['main.ts', 'keys.ts']) {
          expect(await start(program, url, 'cd'.repeat(32))).toEqual({
            code: 1,
            stdout: '',
            stderr:
              'CPG_MASTER_KEY: the secrets in this database are encrypted with another master key. Fix: set CPG_MASTER_KEY to the key the database was created with, or restore its master.key in CPG_DATA_DIR. During a rotation, name the other key in CPG_OTHER_MASTER_KEYS.\nMore: /docs/errors/gateway.html#wrong_master_key\n',
          });
        }
      },
      DEADLINE_MS,
    );
  },
);

describeInCi('a gateway that cannot log', () => {
  it.each<[string, readonly string[]]>([
    ['terminal is closed', []],
    // Linux alone has this device.
    ...(existsSync('/dev/full')
      ? [['disk is full', ['sh', '-c', 'exec "$0" "$@" 2>/dev/full']] as [string, readonly string[]]]
      : []),
  ])(
    'keeps serving when its %s',
    async (_name, wrapper) => {
      const gateway = await startGatewayFromSources({ CPG_SANDBOX: 'true', CPG_LOG_LEVEL: 'trace' }, wrapper);
      gateway.child.stdout?.destroy();
      gateway.child.stderr?.destroy();
      const statuses: number[] = [];
      for (let count = 0; count < 20; count += 1) {
        statuses.push((await fetch(`${gateway.url}/healthz`)).status);
      }
      expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
      await gateway.stop('SIGTERM');
      expect(gateway.child.exitCode).toBe(0);
    },
    DEADLINE_MS,
  );
});

describe('gateway:audit', () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'cpg-audit-'));
  });
  afterAll(() => rm(dataDir, { recursive: true }));

  itInCi('prints its help without a database, and audits a free one', async () => {
    expect(await run('audit.ts', ['--help'], {})).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = await run('audit.ts', [], { CPG_DATA_DIR: dataDir });
    expect(code).toBe(0);
    expect(stdout.match(/^ok {6}/gm)).toHaveLength(8);
    expect(await run('audit.ts', ['--since-last'], { CPG_DATA_DIR: dataDir })).toEqual({
      code: 0,
      stdout,
      stderr:
        'verified since the last audit, by id: ledger_entry 0 to 0, withdrawal 0 to 0, chain_transaction 0 to 0\n',
    });
  });
});

const programPath = (name: string) => join(import.meta.dirname, `${name}.ts`);
const command = (name: string) => `'${process.execPath}' --conditions=@cpg/source '${programPath(name)}'`;

describeInCi('a secret that cannot be shown', () => {
  let postgres: Postgres;
  let environment: Readonly<Record<string, string | undefined>>;
  beforeAll(async () => {
    postgres = await startPostgres();
    const DATABASE_URL = postgres.createDatabase('secrets');
    environment = { ...CLEAN_ENVIRONMENT, DATABASE_URL, CPG_MASTER_KEY: 'ab'.repeat(32) };
  });
  afterAll(() => postgres.stop());
  const runInShell = (script: string) =>
    spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8', env: environment });

  it('leaves no key and no account', () => {
    const create = `${command('keys')} create --account acct_shop --create-account`;
    for (const output of ['>&-', '>/dev/full', '>/dev/null', '| true; (exit $PIPESTATUS)']) {
      const { status, stderr } = runInShell(`${create} ${output}`);
      expect({ output, status, stderr }).toEqual({
        output,
        status: 1,
        stderr: expect.stringMatching(
          /^The secret could not be shown, so nothing was changed: .+\. Fix: run the command again, with an output that takes it\.\nMore: \/docs\/errors\/gateway\.html#secret_not_shown\n$/,
        ),
      });
    }
    const { status, stdout } = runInShell(`${create} --key ck_shown && ${command('keys')} list`);
    expect({ status, keys: stdout.match(/^ck_\S+ {2}acct_shop/gm) }).toEqual({
      status: 0,
      keys: ['ck_shown  acct_shop'],
    });
  });
});

describeInCi('a reader that exits early', () => {
  it.each([
    ['keys', '--help | head -1', 0],
    ['keys', '--help | true', 0],
    ['keys', 'no-such-command 2>&1 | true', 1],
    ['audit', '2>&1 | true', 2],
  ])('does not change the exit code of %s %s', (program, parameters, code) => {
    const { stderr } = spawnSync(
      'bash',
      ['--norc', '-c', `${command(program)} ${parameters}; echo "status \${PIPESTATUS[0]}" >&2`],
      { encoding: 'utf8', env: CLEAN_ENVIRONMENT },
    );
    expect(stderr).toBe(`status ${code}\n`);
  });

  it('does not stop the gateway', async () => {
    const port = await findFreePort();
    const gateway = spawn(process.execPath, ['--conditions=@cpg/source', programPath('main')], {
      env: { ...CLEAN_ENVIRONMENT, PORT: String(port), CPG_DATA_DIR: mkdtempSync(join(tmpdir(), 'cpg-')) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void gateway.kill('SIGKILL'));
    const ended = once(gateway, 'exit');
    gateway.stdout.destroy();
    gateway.stderr.destroy();
    const ask = () =>
      fetch(`http://127.0.0.1:${port}/v1/_ping`).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(ask, { timeout: 150_000, interval: 200 }).toBe(401);
    gateway.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
