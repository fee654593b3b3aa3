import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { findFreePort, LOOPBACK } from './ports.ts';
import { findChildren } from './processes.ts';
import { findPostgresPrograms } from './programs.ts';

export interface Postgres {
  readonly url: string;
  readonly port: number;
  /** The process id of the server that runs now, the parent of its other processes. */
  pid(): number;
  /** Creates an empty database and returns its URL. */
  createDatabase(name: string): string;
  /** Sends a signal to all processes of the server; SIGKILL waits for its end, after which `start` starts it again. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): Promise<void>;
  start(): Promise<void>;
  /** Starts a standby with a copy of the data and default settings, which receives all changes under this name. */
  startStandby(name: string): Promise<Postgres>;
  /** Makes a standby the primary. */
  promote(): void;
  /** Stops the server at once and deletes its data. */
  stop(): Promise<void>;
}

const getId = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));

// Stops the server when its standard input closes, so that it ends with the test process, even a killed one. Ends with the server.
const WATCHED = `exec 3<&0
"$@" 3<&- & server=$!
{ read -r _ <&3; kill -QUIT "$server"; } & watch=$!
wait "$server"; code=$?
kill "$watch" 2>/dev/null
exit "$code"`;

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
      if (/ready to accept (?:read-only )?connections/.test(log)) resolve();
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

/** Starts a PostgreSQL server of its own on a free loopback port; `settings` are such as `fsync=on`. */
export const startPostgres = (settings: readonly string[] = []): Promise<Postgres> =>
  startServer(settings, ({ data, locate, run }) => {
    const template = process.env[TEMPLATE_VARIABLE];
    if (template === undefined) run(locate('initdb'), '--pgdata', data, ...INITDB);
    else run('cp', '-R', template, data);
  });

const startServer = async (
  settings: readonly string[],
  createData: (folder: ReturnType<typeof createFolder>) => void,
): Promise<Postgres> => {
  const created = createFolder();
  const { folder, owner, data, locate, run } = created;
  createData(created);
  const port = await findFreePort();
  const connection = ['--host', LOOPBACK, '--port', String(port), '--username', 'cpg'];
  const start = async () => {
    const options = [...SETTINGS, ...settings.flatMap((setting) => ['-c', setting])];
    const child = spawn(
      'sh',
      ['-c', WATCHED, 'sh', locate('postgres'), '-D', data, '-p', String(port), ...options],
      { ...owner, cwd: folder, stdio: ['pipe', 'ignore', 'pipe'] },
    );
    await waitUntilReady(child);
    return child;
  };
  let child = await start();
  const end = async () => {
    const ended = once(child, 'exit');
    child.stdin?.end();
    await ended;
  };
  const readPid = () => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  const formatUrl = (name: string) => `postgresql://cpg@${LOOPBACK}:${port}/${name}`;
  return {
    url: formatUrl('postgres'),
    port,
    pid: readPid,
    createDatabase: (name) => {
      run(locate('createdb'), ...connection, name);
      return formatUrl(name);
    },
    signal: async (name) => {
      const postmaster = readPid();
      if (name !== 'SIGCONT') {
        // Until it stands still, it may start children that the signal would miss.
        process.kill(postmaster, 'SIGSTOP');
        await waitForState([postmaster], 'T');
      }
      const processes = [postmaster, ...findChildren(postmaster)];
      for (const pid of processes) {
        try {
          process.kill(pid, name);
        } catch {
          // A child may have ended meanwhile.
        }
      }
      if (name !== 'SIGKILL') return;
      // A server does not start while a process of the previous one has its shared memory.
      await waitForState(processes, 'Z');
      if (child.exitCode === null) await once(child, 'exit');
    },
    start: async () => {
      child = await start();
    },
    startStandby: (name) =>
      startServer([], (standby) => {
        const source = `host=${LOOPBACK} port=${port} user=cpg application_name=${name}`;
        const target = ['--pgdata', standby.data, '--no-sync', '--checkpoint=fast'];
        standby.run(standby.locate('pg_basebackup'), '--dbname', source, '--write-recovery-conf', ...target);
      }),
    promote: () => run(locate('pg_ctl'), 'promote', '--pgdata', data),
    stop: async () => {
      if (child.exitCode === null) await end();
      rmSync(folder, { recursive: true });
    },
  };
};

const POLL_MS = 5;

/** Waits until each process is in a state of `/proc/<pid>/stat`, or is gone. */
const waitForState = async (pids: readonly number[], state: 'T' | 'Z'): Promise<void> => {
  const isDone = (found: string | undefined) => found === undefined || found === state;
  for (const pid of pids) {
    while (!isDone(findState(pid))) await setTimeout(POLL_MS);
  }
};

const findState = (pid: number): string | undefined => {
  try {
    return /\) (.)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
};
