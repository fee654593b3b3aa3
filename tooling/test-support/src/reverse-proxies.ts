import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort, isListening, LOOPBACK } from './ports.ts';

/** A proxy in front of a server on loopback. */
export interface ReverseProxy {
  readonly port: number;
  stop(): Promise<void>;
}

export interface NginxOptions {
  /** The loopback port of the server behind it. */
  readonly upstreamPort: number;
  /** `proxy_request_buffering`: whether a body is read in full before it is passed on. @default 'on' */
  readonly requestBuffering?: 'on' | 'off';
  /** Serves under this path, as `/cpg/`, which the server behind it does not see. */
  readonly path?: string;
  /** Further directives of the location, as `proxy_http_version 1.1;`. */
  readonly directives?: string;
}

/** Starts nginx with `proxy_pass` and its defaults (HTTP/1.0 and `Connection: close` towards the server behind it). */
export const startNginx = ({
  upstreamPort,
  requestBuffering = 'on',
  path = '',
  directives = '',
}: NginxOptions): Promise<ReverseProxy> =>
  startConfiguredNginx(
    (port) => `
        client_max_body_size 0;
        server {
          listen ${LOOPBACK}:${port};
          location ${path || '/'} {
            proxy_pass http://${LOOPBACK}:${upstreamPort}${path && '/'};
            ${directives}
            proxy_request_buffering ${requestBuffering};
          }
        }`,
  );

/** The configuration of a proxy that listens on a loopback port, with a folder for its files. */
export type ProxyConfiguration = (port: number, folder: string) => string;

/** Starts nginx with these directives of its `http` block. */
export const startConfiguredNginx = (configure: ProxyConfiguration): Promise<ReverseProxy> =>
  startProxy((port, folder) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const configuration = `
      daemon off;
      master_process off;
      pid ${folder}/nginx.pid;
      error_log stderr crit;
      events {}
      http {
        access_log off;
        ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
        ${configure(port, folder)}
      }`;
    return { configuration, command: (file) => ['nginx', '-p', folder, '-e', 'stderr', '-c', file] };
  });

/** Options of haproxy and Apache. */
export interface ProxyOptions {
  /** The loopback port of the server behind it. */
  readonly upstreamPort: number;
  /** Further directives, such as `http-request set-path …` or `MergeSlashes Off`. */
  readonly directives?: string;
}

/** Starts haproxy in front of a server on loopback. */
export const startHaproxy = ({ upstreamPort, directives = '' }: ProxyOptions): Promise<ReverseProxy> =>
  startConfiguredHaproxy(
    (port) => `
      defaults
        mode http
        timeout connect 5s
        timeout client 30s
        timeout server 30s
      listen gateway
        bind ${LOOPBACK}:${port}
        ${directives}
        server upstream ${LOOPBACK}:${upstreamPort}
    `,
  );

/** Starts haproxy with these sections. */
export const startConfiguredHaproxy = (configure: ProxyConfiguration): Promise<ReverseProxy> =>
  startProxy((port, folder) => ({
    configuration: configure(port, folder),
    command: (file) => ['haproxy', '-db', '-q', '-f', file],
  }));

/** Starts Apache with its defaults, in front of a server on loopback; `directives` replace its `ProxyPass`. */
export const startApache = ({ upstreamPort, directives }: ProxyOptions): Promise<ReverseProxy> =>
  startConfiguredApache(() => directives ?? `ProxyPass / http://${LOOPBACK}:${upstreamPort}/`);

const APACHE_MODULES = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'ssl', 'headers', 'env'];

/** Starts Apache with these directives, and the modules of a reverse proxy. */
export const startConfiguredApache = (configure: ProxyConfiguration): Promise<ReverseProxy> =>
  startProxy((port, folder) => {
    const modules = APACHE_MODULES.map(
      (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
    );
    const configuration = `
      ServerRoot ${folder}
      ServerName localhost
      PidFile ${folder}/apache.pid
      ErrorLog ${folder}/error.log
      Mutex file:${folder}
      ${process.getuid?.() === 0 ? 'User www-data\n      Group www-data' : ''}
      ${modules.join('\n')}
      Listen ${LOOPBACK}:${port}
      ${configure(port, folder)}`;
    return { configuration, command: (file) => ['apache2', '-X', '-f', file] };
  });

/** Starts pgbouncer in transaction mode, with these settings, in front of a PostgreSQL server on loopback. */
export const startPgbouncer = (
  upstreamPort: number,
  settings: Readonly<Record<string, string | number>>,
): Promise<ReverseProxy> =>
  startProxy((port) => {
    const all = {
      listen_addr: LOOPBACK,
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'any',
      pool_mode: 'transaction',
      ...settings,
    };
    const configuration = [
      '[databases]',
      `* = host=${LOOPBACK} port=${upstreamPort} user=cpg`,
      '[pgbouncer]',
      ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
    ].join('\n');
    const user = process.getuid?.() === 0 ? ['-u', 'postgres'] : [];
    return { configuration, command: (file) => ['pgbouncer', '-q', ...user, file] };
  });

interface ProxyProgram {
  readonly configuration: string;
  readonly command: (file: string) => readonly [program: string, ...parameters: string[]];
}

const startProxy = async (
  describe: (port: number, folder: string) => ProxyProgram,
): Promise<ReverseProxy> => {
  const folder = mkdtempSync(join(tmpdir(), 'cpg-proxy-'));
  const port = await findFreePort();
  const { configuration, command } = describe(port, folder);
  const file = join(folder, 'proxy.conf');
  writeFileSync(file, `${configuration}\n`);
  const [program, ...parameters] = command(file);
  const child = spawn(program, parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const exit = once(child, 'exit').catch((error: unknown) => {
    log += String(error);
  });
  const hasExited = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  while (!(await isListening(port))) {
    if (hasExited()) throw new Error(`${program} did not start:\n${log}`);
    await delay(10);
  }
  return {
    port,
    stop: async () => {
      child.kill('SIGKILL');
      await exit;
      rmSync(folder, { recursive: true });
    },
  };
};
