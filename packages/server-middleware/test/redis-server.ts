import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@cpg/test-support';

/** A redis-server process of its own, on a port that stays the same over restarts. */
export class RedisServer {
  readonly port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'cpg-redis-'));
  readonly #extra: readonly string[];
  #process: ChildProcess | undefined;

  constructor(port: number, extra: readonly string[] = []) {
    this.port = port;
    this.#extra = extra;
  }

  static async start(extra: readonly string[] = []): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), extra);
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.#process = spawn('redis-server', [...settings, '--dir', this.#directory, ...this.#extra], {
      stdio: 'ignore',
    });
    const child = this.#process;
    while (!(await answersPing(this.port))) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}.`);
      await delay(10);
    }
  }

  /** Sends a signal to this server alone, e.g. SIGKILL, SIGSTOP, SIGCONT. */
  async signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const gone = name === 'SIGKILL' ? new Promise((resolve) => child.once('exit', resolve)) : undefined;
    child.kill(name);
    await gone;
  }

  async stop(): Promise<void> {
    if (this.#process?.exitCode === null) await this.signal('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const answersPing = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => finish(data.toString().startsWith('+PONG')));
    socket.on('error', () => finish(false));
  });
