import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { findPostgresPrograms } from './postgres-programs.ts';

export interface Postgres {
  readonly url: string;
  /** Makes a fresh database and answers its URL. */
  createDatabase(name: string): string;
  /** Stops the server at once and deletes its data. */
  stop(): Promise<void>;
}

const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));

// Ends the server when nobody holds the other end of its standard input any more, even if the test process was killed.
const WATCHED = '"$@" & pid=$!; read -r _; kill -QUIT "$pid"; wait "$pid"';

// Not durable: nobody needs these data after a power cut.
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'fsync=off',
  'max_connections=100',
].flatMap((setting) => ['-c', setting]);

const untilReady = async (child: ChildProcess): Promise<void> => {
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
  const owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
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
  const port = await freePort();
  const child = spawn(
    'sh',
    ['-c', WATCHED, 'sh', locate('postgres'), '-D', data, '-p', String(port), ...SETTINGS],
    { ...owner, cwd: folder, stdio: ['pipe', 'ignore', 'pipe'] },
  );
  await untilReady(child);
  const urlOf = (name: string) => `postgresql://cpg@127.0.0.1:${port}/${name}`;
  return {
    url: urlOf('postgres'),
    createDatabase: (name) => {
      run(locate('createdb'), '--host', '127.0.0.1', '--port', String(port), '--username', 'cpg', name);
      return urlOf(name);
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
};
