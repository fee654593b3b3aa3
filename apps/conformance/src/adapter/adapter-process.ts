import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { withDeadline } from '../core/deadline.ts';
import type { Exchange } from '../core/finding.ts';
import type { AdapterEnd } from './adapter.ts';
import { AdapterOutput, MOST_OUTPUT } from './adapter-output.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Pending {
  readonly resolve: (answer: Fields) => void;
  readonly reject: (error: Error) => void;
}

const START_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 10_000;
const TERMINATE_MS = 5_000;
const LAST_OUTPUT_MS = 1_000;
const QUOTED = 120;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An adapter: a child process that answers commands, one JSON object a line. Any breach of the protocol ends it. */
export class AdapterProcess {
  readonly #child: ChildProcess;
  readonly #pending = new Map<string, Pending>();
  readonly #answered = new Set<string>();
  readonly output = new AdapterOutput();
  /** Told of each line as it is written (`sent`) or read (`received`). */
  onLine: (exchange: Exchange) => void = () => undefined;
  /** Its end, and the end of everything that it wrote. */
  readonly #closed: Promise<unknown>;
  #failure: Error | undefined;
  #end: Promise<AdapterEnd> | undefined;

  /** Starts a command line through the shell, in a process group of its own. */
  constructor(commandLine: string) {
    this.#child = spawn(commandLine, { shell: true, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => this.#fail(`the adapter could not be started: ${error.message}`));
    this.#closed = new Promise((resolve) => this.#child.on('close', resolve));
    this.#child.on('exit', (code, signal) =>
      this.#fail(`the adapter ended (${signal ?? `exit code ${code}`})${this.output.lastWords()}`),
    );
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.output.addError(text);
      this.#limitOutput();
    });
    if (this.#child.stdout === null) throw new Error('no standard output');
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(line));
  }

  /** Sends one command and waits for its answer. Rejects when the adapter breaks the protocol or says that it failed. */
  async ask(cmd: string, fields: Fields = {}, timeoutMs = ANSWER_TIMEOUT_MS): Promise<Fields> {
    if (this.#failure !== undefined) throw this.#failure;
    const id = randomUUID();
    const answer = new Promise<Fields>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    const line = JSON.stringify({ cmd, id, ...fields });
    this.onLine({ sent: line, received: '' });
    this.#child.stdin?.write(`${line}\n`);
    const result = await withDeadline(answer, timeoutMs).catch((error: unknown) => {
      // Whoever hangs once would hang again for every case; the rest of the run must not take hours.
      if (this.#pending.has(id)) this.#fail(`the adapter did not answer \`${cmd}\` within ${timeoutMs} ms`);
      throw this.#failure ?? error;
    });
    if (typeof result.error === 'string') throw new Error(`the adapter failed: ${result.error}`);
    return result;
  }

  async hello(): Promise<Fields> {
    try {
      return await this.ask('hello', { protocol: 1 }, START_TIMEOUT_MS);
    } catch (error) {
      const isSilent = error instanceof Error && error.message.includes('did not answer');
      throw isSilent ? new Error(`${error.message}; it must flush standard output after every line`) : error;
    }
  }

  /** Asks it to stop; ends it by force when it does not. Safe to call twice. */
  stop(): Promise<AdapterEnd> {
    this.#end ??= this.#stop();
    return this.#end;
  }

  async #stop(): Promise<AdapterEnd> {
    const failure = this.#failure?.message;
    this.ask('stop').catch(() => undefined);
    const isInTime = await this.#endsWithin(TERMINATE_MS);
    for (const signal of isInTime ? [] : (['SIGTERM', 'SIGKILL'] as const)) {
      this.#kill(signal);
      if (await this.#endsWithin(TERMINATE_MS)) break;
    }
    // A child of its own may hold its streams open, which must not hold up the run.
    await withDeadline(this.#closed, LAST_OUTPUT_MS).catch(() => this.#kill('SIGKILL'));
    return { exitCode: this.#child.exitCode, isInTime, failure };
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    if (this.#hasEnded) return true;
    await withDeadline(once(this.#child, 'exit'), milliseconds).catch(() => undefined);
    return this.#hasEnded;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #kill(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // It has gone meanwhile.
    }
  }

  #receive(line: string): void {
    this.output.addAnswer(`${line}\n`);
    this.onLine({ sent: '', received: line });
    this.#limitOutput();
    const fault = this.#settle(line);
    if (fault !== undefined) this.#fail(fault);
  }

  /** Hands an answer to whoever waits for it; returns what is wrong with it otherwise. */
  #settle(line: string): string | undefined {
    let answer: unknown;
    try {
      answer = JSON.parse(line);
    } catch {
      return `the adapter wrote a line that is not JSON (logs belong on standard error): ${line.slice(0, QUOTED)}`;
    }
    if (!isFields(answer) || answer.id === undefined)
      return `the adapter wrote a line without an id: ${line.slice(0, QUOTED)}`;
    const { id } = answer;
    if (typeof id !== 'string')
      return `the adapter wrote an id that is not the string which was sent, but a ${typeof id}`;
    if (this.#answered.has(id)) return 'the adapter answered one command twice';
    const pending = this.#pending.get(id);
    if (pending === undefined) return 'the adapter answered an id that was never sent';
    this.#pending.delete(id);
    this.#answered.add(id);
    pending.resolve(answer);
    return undefined;
  }

  #limitOutput(): void {
    if (this.output.isTooMuch)
      this.#fail(
        `the adapter wrote more than ${MOST_OUTPUT} characters: too much to look through for secrets`,
      );
  }

  #fail(message: string): void {
    this.#failure ??= new Error(message);
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
    if (this.#child.exitCode === null) this.#kill('SIGTERM');
  }
}
