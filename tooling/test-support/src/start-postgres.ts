import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { findPostgresPrograms } from './postgres-programs.ts';

export interface Postgres {
  readonly url: string;
  /** Makes a fresh database and answers its URL. */
  createDatabase(name: string): string;
  /** Stops the server and deletes its data. */
  stop(): void;
}

const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));

/** Starts a PostgreSQL server of its own on a free loopback port. It refuses to run as root, so there it runs as `postgres`. */
export const startPostgres = async (): Promise<Postgres> => {
  const programs = findPostgresPrograms();
  const isRoot = process.getuid?.() === 0;
  const owner = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  const folder = mkdtempSync(join(tmpdir(), 'cpg-postgres-'));
  chmodSync(folder, 0o700);
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const port = await freePort();
  const run = (program: string, ...parameters: readonly string[]) =>
    execFileSync(programs === undefined ? program : join(programs, program), parameters, {
      ...owner,
      cwd: folder,
      stdio: 'ignore',
    });
  run('initdb', '--pgdata', data, '--username', 'cpg', '--auth', 'trust', '--no-sync', '--encoding', 'UTF8');
  // Not durable: nobody needs these data after a power cut.
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=100`;
  run('pg_ctl', 'start', '--wait', '--pgdata', data, '--log', join(folder, 'log'), '--options', settings);
  const urlOf = (name: string) => `postgresql://cpg@127.0.0.1:${port}/${name}`;
  return {
    url: urlOf('postgres'),
    createDatabase: (name) => {
      run('createdb', '--host', '127.0.0.1', '--port', String(port), '--username', 'cpg', name);
      return urlOf(name);
    },
    stop: () => {
      run('pg_ctl', 'stop', '--mode', 'immediate', '--pgdata', data);
      rmSync(folder, { recursive: true });
    },
  };
};
