import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, LOOPBACK } from './ports.ts';
import { findPostgresPrograms } from './programs.ts';

export interface Postgres {
  readonly url: string;
  /** Creates an empty database and returns its URL. */
  createDatabase(name: string): string;
  /** Stops the server at once and deletes its data. */
  stop(): Promise<void>;
}

const getId = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));

// Stops the server when its standard input closes, so that it ends with the test process, even a killed one.
const WATCHED = '"$@" & pid=$!; read -r _; kill -QUIT "$pid"; wait "$pid"';

// Not durable: no test needs its data after a power cut.
const SETTINGS = [
  `listen_addresses=${LOOPBACK}`,
  'unix_socket_directories=',
  'fsync=off',
  'max_connections=100',
].flatMap((setting) => ['-c', setting]);

const waitUntilReady = async (child: ChildProcess): Promise<void> => {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('ready to accept connections')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
  });
};

/** PostgreSQL does not run as root, so there its programs run as `postgres`. */
const createFolder = () => {
  const owner = process.getuid?.() === 0 ? { uid: getId('-u'), gid: getId('-g') } : {};
  const folder = mkdtempSync(join(tmpdir(), 'cpg-postgres-'));
  chmodSync(folder, 0o700);
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const programs = findPostgresPrograms();
  const locate = (program: string) => (programs === undefined ? program : join(programs, program));
  return {
    folder,
    owner,
    locate,
    data: join(folder, 'data'),
    run: (program: string, ...parameters: readonly string[]) =>
      execFileSync(program, parameters, { ...owner, cwd: folder, stdio: 'ignore' }),
  };
};

const INITDB = ['--username', 'cpg', '--auth', 'trust', '--no-sync', '--encoding', 'UTF8'];

// Set for the workers of a test run by the process that starts them.
const TEMPLATE_VARIABLE = 'CPG_TEST_POSTGRES_TEMPLATE';

/**
 * Creates the data folder that every `startPostgres` of this process and of its children copies, since `initdb` costs a second
 * each time. Without PostgreSQL it does nothing. Returns the function that deletes the folder.
 */
export const createPostgresTemplate = (): (() => void) => {
  if (findPostgresPrograms() === undefined) return () => undefined;
  const { folder, data, locate, run } = createFolder();
  run(locate('initdb'), '--pgdata', data, ...INITDB);
  process.env[TEMPLATE_VARIABLE] = data;
  return () => {
    delete process.env[TEMPLATE_VARIABLE];
    rmSync(folder, { recursive: true, force: true });
  };
};

/** Starts a PostgreSQL server of its own on a free loopback port. */
export const startPostgres = async (): Promise<Postgres> => {
  const { folder, owner, data, locate, run } = createFolder();
  const template = process.env[TEMPLATE_VARIABLE];
  if (template === undefined) run(locate('initdb'), '--pgdata', data, ...INITDB);
  else run('cp', '-R', template, data);
  const port = await findFreePort();
  const child = spawn(
    'sh',
    ['-c', WATCHED, 'sh', locate('postgres'), '-D', data, '-p', String(port), ...SETTINGS],
    { ...owner, cwd: folder, stdio: ['pipe', 'ignore', 'pipe'] },
  );
  await waitUntilReady(child);
  const formatUrl = (name: string) => `postgresql://cpg@${LOOPBACK}:${port}/${name}`;
  return {
    url: formatUrl('postgres'),
    createDatabase: (name) => {
      run(locate('createdb'), '--host', LOOPBACK, '--port', String(port), '--username', 'cpg', name);
      return formatUrl(name);
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
};
