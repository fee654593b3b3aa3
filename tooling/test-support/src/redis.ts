import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort, LOOPBACK } from './ports.ts';

/** A redis-server process of its own, in memory, on a loopback port that stays the same over restarts. */
export class RedisServer {
  readonly port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'cpg-redis-'));
  readonly #extra: readonly string[];
  readonly #instead: readonly string[] | undefined;
  #process: ChildProcess | undefined;

  /** `instead` are all arguments of redis-server, in place of the settings of a server in memory. */
  constructor(port: number, extra: readonly string[] = [], instead?: readonly string[]) {
    this.port = port;
    this.#extra = extra;
    this.#instead = instead;
  }

  /** Starts a server on a free port; `extra` are more options of redis-server. */
  static async start(extra: readonly string[] = []): Promise<RedisServer> {
    const server = new RedisServer(await findFreePort(), extra);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://${LOOPBACK}:${this.port}`;
  }

  /** Of the running process. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async start(): Promise<void> {
    const settings = ['--port', String(this.port), '--bind', LOOPBACK, '--save', '', '--appendonly', 'no'];
    const args = this.#instead ?? [...settings, '--dir', this.#directory, ...this.#extra];
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    this.#process = child;
    while (!(await isAnsweringPing(this.port))) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}.`);
      await delay(10);
    }
  }

  /** Sends a signal to this server alone; SIGKILL waits for its end. */
  async signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const ended = name === 'SIGKILL' ? once(child, 'exit') : undefined;
    child.kill(name);
    await ended;
  }

  /** Ends the server at once and deletes its data. */
  async stop(): Promise<void> {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) await this.signal('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const isAnsweringPing = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, LOOPBACK);
    const finish = (isAnswering: boolean) => {
      socket.destroy();
      resolve(isAnswering);
    };
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => finish(data.toString().startsWith('+PONG')));
    socket.on('error', () => finish(false));
  });
