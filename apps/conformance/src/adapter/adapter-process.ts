import { randomUUID } from 'node:crypto';
import { addLatency, assertNotOver, getCaseSignal, getPatience, scaleDeadline } from '../core/case-scope.ts';
import { CaseFailure, type Exchange, Unresponsive } from '../core/checker.ts';
import { withDeadline } from '../core/deadline.ts';
import type { AdapterEnd } from './adapter.ts';
import { AdapterOutput, MAX_OUTPUT_LENGTH } from './adapter-output.ts';
import { LineSplitter } from './line-splitter.ts';
import { ProcessGroup } from './process-group.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Pending {
  readonly resolve: (response: Fields) => void;
  readonly reject: (error: Error) => void;
}

/** The largest body of a case has about 1 MiB, and base64 adds a third. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;
const START_TIMEOUT_MS = 30_000;
// Shorter than the deadline of a case, so that the report names the command.
const RESPONSE_TIMEOUT_MS = 9_000;
const TERMINATE_MS = 5_000;
const LAST_OUTPUT_MS = 1_000;
const QUOTED = 120;
const RECEIVED_KEPT = 4_000;

// JSON allows them in a string as they are, and adapters that read lines with node:readline would split
// there.
const escapeLineSeparators = (json: string): string =>
  json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An adapter: a child process that responds to commands, one JSON object per line. A protocol violation ends
 * it.
 */
export class AdapterProcess {
  readonly #group: ProcessGroup;
  readonly #pending = new Map<string, Pending>();
  readonly #settled = new Set<string>();
  readonly output: AdapterOutput;
  /** Characters that this process has written to each stream. */
  readonly #written = { stdout: 0, stderr: 0 };
  /** Called with each line as it is written (`sent`) or read (`received`). */
  onLine: (exchange: Exchange) => void = () => undefined;
  #failure: Unresponsive | undefined;
  #isReported = false;
  #end: Promise<AdapterEnd> | undefined;

  /**
   * Starts a command line through the shell, in a process group of its own. `output`: the output of the
   * processes before it, which it continues.
   */
  constructor(commandLine: string, output = new AdapterOutput()) {
    this.output = output;
    this.#group = new ProcessGroup(commandLine);
    const { child } = this.#group;
    child.on('error', (error) => this.#fail(`the adapter could not be started: ${error.message}`));
    child.on('exit', (code, signal) =>
      this.#fail(`the adapter ended (${signal ?? `exit code ${code}`})${this.output.formatLastErrors()}`),
    );
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.output.addStderr(text);
      this.#written.stderr += text.length;
      this.#limitOutput();
    });
    const lines = new LineSplitter({
      maxBytes: MAX_LINE_BYTES,
      onLine: (line) => this.#receive(line),
      onTooLong: (start) => this.#failForLongLine(start),
    });
    child.stdout.on('data', (bytes: Buffer) => lines.push(bytes)).on('end', () => lines.end());
  }

  /** Whether it has been told to stop, so that its end is no failure. */
  get isStopping(): boolean {
    return this.#end !== undefined;
  }

  /** Whether a command has been rejected because of the failure. */
  get isReported(): boolean {
    return this.#isReported;
  }

  /** Why it has ended, or was killed. */
  get failure(): Unresponsive | undefined {
    return this.#failure;
  }

  /**
   * Sends one command and waits for its response. Rejects when the adapter violates the protocol or reports
   * an error. An adapter that has not responded when the running case is over is killed.
   */
  async ask(cmd: string, fields: Fields = {}, timeoutMs?: number): Promise<Fields> {
    assertNotOver();
    if (this.#failure !== undefined) throw this.report(this.#failure);
    const id = randomUUID();
    const response = new Promise<Fields>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    const line = escapeLineSeparators(JSON.stringify({ cmd, id, ...fields }));
    this.onLine({ sent: line, received: '' });
    this.#group.child.stdin.write(`${line}\n`);
    const startedAt = performance.now();
    const failLate = (): void => {
      const limit = Math.round(Math.min(getLimit(), performance.now() - startedAt));
      if (this.#pending.has(id)) this.#fail(`the adapter did not respond to \`${cmd}\` within ${limit} ms`);
    };
    const signal = getCaseSignal();
    signal?.addEventListener('abort', failLate, { once: true });
    const getLimit = () =>
      timeoutMs === undefined ? getPatience(RESPONSE_TIMEOUT_MS) : scaleDeadline(timeoutMs);
    const from = this.output.stdout.length;
    try {
      const result = await withDeadline(response, getLimit);
      if (cmd !== 'hello') addLatency(performance.now() - startedAt);
      if (typeof result.error === 'string')
        throw new CaseFailure({
          what: `response to \`${cmd}\``,
          expected: 'a result',
          actual: `the adapter failed: ${result.error}`,
        });
      return result;
    } catch (error) {
      failLate();
      const { failure: cause } = this;
      if (cause === undefined) throw error;
      const failure = new Unresponsive(cause.message, cause);
      failure.sent = line;
      failure.received = this.output.stdout.slice(from, from + RECEIVED_KEPT);
      throw this.report(failure);
    } finally {
      signal?.removeEventListener('abort', failLate);
    }
  }

  /** Marks the failure as the outcome of a case. */
  report<Failure extends Error>(failure: Failure): Failure {
    this.#isReported = true;
    return failure;
  }

  async hello(): Promise<Fields> {
    try {
      return await this.ask('hello', { protocol: 1 }, START_TIMEOUT_MS);
    } catch (error) {
      const isSilent = error instanceof Error && error.message.includes('did not respond');
      throw isSilent ? new Error(`${error.message}; it must flush standard output after every line`) : error;
    }
  }

  /** Sends `stop`, and kills the adapter when it does not exit. Safe to call twice. */
  stop(): Promise<AdapterEnd> {
    this.#end ??= this.#stop();
    return this.#end;
  }

  /** Kills the adapter and everything that it has started. */
  async kill(): Promise<void> {
    await this.#group.end();
  }

  async #stop(): Promise<AdapterEnd> {
    const failure = this.#failure?.message;
    this.ask('stop').catch(() => undefined);
    const isInTime = await this.#group.endsWithin(TERMINATE_MS);
    // A process that it started may keep its streams open, which must not delay the run.
    if (isInTime) await withDeadline(this.#group.closed, LAST_OUTPUT_MS).catch(() => undefined);
    await this.#group.end();
    return { exitCode: this.#group.child.exitCode, isInTime, failure };
  }

  #receive(line: string): void {
    this.output.addStdout(`${line}\n`);
    this.#written.stdout += line.length + 1;
    this.onLine({ sent: '', received: line });
    this.#limitOutput();
    const problem = this.#settle(line);
    if (problem !== undefined) this.#fail(problem);
  }

  /** Settles the command that a line responds to; returns the problem of an invalid line. */
  #settle(line: string): string | undefined {
    let response: unknown;
    try {
      response = JSON.parse(line);
    } catch {
      return `the adapter wrote a line that is not JSON (logs belong on standard error): ${line.slice(0, QUOTED)}`;
    }
    if (!isFields(response) || response.id === undefined)
      return `the adapter wrote a line without an id: ${line.slice(0, QUOTED)}`;
    const { id } = response;
    if (typeof id !== 'string')
      return `the adapter wrote an id that is not the string which was sent, but a ${typeof id}`;
    if (this.#settled.has(id)) return 'the adapter responded to one command twice';
    const pending = this.#pending.get(id);
    if (pending === undefined) return 'the adapter responded to an id that was never sent';
    this.#pending.delete(id);
    this.#settled.add(id);
    pending.resolve(response);
    return undefined;
  }

  #limitOutput(): void {
    const { stdout, stderr } = this.#written;
    if (Math.max(stdout, stderr) <= MAX_OUTPUT_LENGTH) return;
    this.#fail(`the adapter wrote more than ${MAX_OUTPUT_LENGTH} characters: too much to search for secrets`);
    this.#stopReading();
  }

  #failForLongLine(start: string): void {
    this.output.addStdout(start);
    this.#fail(
      `the adapter wrote more than ${MAX_LINE_BYTES} bytes to standard output without a line feed (0x0A): a response is one line of JSON, which ends with one; it began with: ${start.slice(0, QUOTED)}`,
    );
    this.#stopReading();
  }

  // An adapter that never stops writing would exhaust the memory before it is killed.
  #stopReading(): void {
    this.#group.child.stdout.destroy();
    this.#group.child.stderr.destroy();
  }

  #fail(message: string): void {
    this.#failure ??= new Unresponsive(message, { what: 'adapter', expected: 'a response to each command' });
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
    if (!this.#group.hasEnded) this.#group.kill('SIGTERM');
  }
}
