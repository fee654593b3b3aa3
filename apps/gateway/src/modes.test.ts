import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createSigningKey, signRequest } from '@cpg/protocol';
import { startGatewayFromSources } from '@cpg/test-support/gateway-process';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SOURCES = fileURLToPath(new URL('.', import.meta.url));
// Each test starts several processes, which is slow on a busy machine.
const DEADLINE = 300_000;
const SANDBOX = { CPG_SANDBOX: 'true' };
const DEMO_SECRET = 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION';

const UNKNOWN = { status: 401, message: 'Invalid signature' };

type Environment = Readonly<Record<string, string>>;

const run = async (program: string, environment: Environment, ...parameters: readonly string[]) =>
  promisify(execFile)(process.execPath, ['--conditions=@cpg/source', join(SOURCES, program), ...parameters], {
    env: { ...process.env, PORT: '0', ...environment },
  }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout,
      stderr,
    }),
  );

const ping = async (url: string, keyId: string, secret: string) => {
  const target = '/v1/balances';
  const timestamp = Math.floor(Date.now() / 1000);
  const key = createSigningKey(secret);
  const { headers } = signRequest({ keyId, key, method: 'GET', target, timestamp });
  const response = await fetch(`${url}${target}`, { headers });
  const { message, data_count } = (await response.json()) as { message: string; data_count?: number };
  return { status: response.status, message, data_count };
};

const start = async <Result>(
  environment: Environment,
  use: (url: string, printed: string) => Promise<Result>,
) => {
  const gateway = await startGatewayFromSources(environment);
  try {
    return await use(gateway.url, gateway.printed);
  } finally {
    await gateway.stop('SIGTERM');
  }
};

const DEMO = ['ck_demo_full', DEMO_SECRET] as const;

const itKeepsTheDemoInTheSandbox = (createDatabase: () => Promise<Environment>) => {
  it(
    'serves a sandbox database in the sandbox only',
    async () => {
      const database = await createDatabase();
      expect(await start({ ...SANDBOX, ...database }, (url) => ping(url, ...DEMO))).toMatchObject({
        status: 200,
      });
      const rejected = await run('main.ts', database);
      expect(rejected).toMatchObject({ code: 1, stdout: '' });
      expect(rejected.stderr).toMatch(
        /^Expected a database without demo accounts: got acct_demo, acct_demo_other, .* Fix: run npm run sandbox, or set DATABASE_URL or CPG_DATA_DIR to another database\.\nMore: \/docs\/errors\/gateway\.html#other_mode\n$/,
      );
    },
    DEADLINE,
  );
};

describeInCi('a sandbox on the embedded database', () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'cpg-modes-'));
  });
  afterAll(() => rm(dataDir, { recursive: true }));
  itKeepsTheDemoInTheSandbox(async () => ({ CPG_DATA_DIR: dataDir }));
});

describeInCi('a sandbox on PostgreSQL', () => {
  let postgres: Postgres;
  let databases = 0;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());
  const createDatabase = async () => {
    databases += 1;
    return { DATABASE_URL: postgres.createDatabase(`modes_${databases}`), CPG_MASTER_KEY: 'ab'.repeat(32) };
  };
  itKeepsTheDemoInTheSandbox(createDatabase);

  it(
    'serves an account created by the keys command outside the sandbox, and never in it',
    async () => {
      const database = await createDatabase();
      await start(database, async (url, printed) => {
        expect(printed).toContain('No account yet.');
        expect(printed).not.toContain('cpg-demo');
        expect(await ping(url, ...DEMO)).toMatchObject(UNKNOWN);
      });
      const created = await run('keys.ts', database, 'create', '--account', 'acct_shop', '--create-account');
      const [, keyId = '', secret = ''] = /^key id {2}(\S+)\nsecret {2}(\S+)\n/.exec(created.stdout) ?? [];
      await start(database, async (url, printed) => {
        expect(printed).toMatch(/^Operations http:\S+\nReference http:\S+\nCPG gateway ready on http:\S+\n$/);
        expect(await ping(url, keyId, secret)).toEqual({ status: 200, message: 'OK', data_count: 4 });
      });
      const rejected = await run('main.ts', { ...SANDBOX, ...database });
      expect(rejected.code).toBe(1);
      expect(rejected.stderr).toMatch(
        /^Expected an empty database or a sandbox database: got other accounts \(acct_shop\)\. Fix: run npm run gateway/,
      );
    },
    DEADLINE,
  );

  it(
    'rejects demo keys outside the sandbox, even when a sandbox shares the database later',
    async () => {
      const database = await createDatabase();
      await start(database, (service) =>
        start({ ...SANDBOX, ...database }, async (sandbox) => {
          expect(await ping(sandbox, ...DEMO)).toMatchObject({ status: 200 });
          expect(await ping(service, ...DEMO)).toMatchObject(UNKNOWN);
        }),
      );
    },
    DEADLINE,
  );
});

it.each(['HOST', 'CPG_OPERATIONS_HOST'])(
  'the sandbox does not start with %s on every address',
  async (name) => {
    const rejected = await run('main.ts', { ...SANDBOX, [name]: '0.0.0.0' });
    expect(rejected).toMatchObject({ code: 1, stdout: '' });
    expect(rejected.stderr).toContain(
      `${name}: expected a loopback address such as 127.0.0.1 for the sandbox`,
    );
  },
);

describe('the code', () => {
  const IMPORT = /(?:\bfrom|^import) '((?:\.{1,2}\/|@cpg\/)[^']+)'/gm;
  const parseImports = async (file: string): Promise<readonly string[]> => {
    const source = await readFile(join(SOURCES, file), 'utf8');
    return [...source.matchAll(IMPORT)].map(([, path = '']) =>
      path.startsWith('.') ? join(dirname(file), path) : path,
    );
  };
  const findImports = async (entry: string): Promise<readonly string[]> => {
    const found = new Set([entry]);
    for (const file of found) {
      if (!file.startsWith('@cpg/')) for (const path of await parseImports(file)) found.add(path);
    }
    return [...found];
  };

  it.each(['main.ts', 'gateway.ts', 'keys.ts', 'audit.ts'])(
    'of %s outside the sandbox imports no sandbox, demo or test code',
    async (entry) => {
      const files = await findImports(entry);
      expect(files).toContain('database/open-database.ts');
      expect(files.filter((file) => /^(?:sandbox\/|\.\.)|test/.test(file))).toEqual([]);
    },
  );

  it('of a folder imports only the folders below it', async () => {
    // From the lowest to the highest. Files directly in src are shared by all of them.
    const LAYERS = ['database', 'webhooks', 'ledger', 'keys', 'administration', 'chain', 'http', 'sandbox'];
    const sources = (await readdir(SOURCES, { recursive: true })).filter((file) => /\.ts$/.test(file));
    const folders = new Set(
      sources.filter((file) => file.includes('/')).map((file) => file.split('/', 1)[0]),
    );
    expect([...folders].sort()).toEqual([...LAYERS].sort());
    for (const file of sources.filter((file) => file.includes('/') && !file.endsWith('.test.ts'))) {
      const layer = LAYERS.indexOf(file.split('/', 1)[0] ?? '');
      const higher = LAYERS.slice(layer + 1).map((folder) => `${folder}/`);
      const imports = await parseImports(file);
      expect(imports.filter((path) => higher.some((folder) => path.startsWith(folder)))).toEqual([]);
    }
  });
});
