import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';

const LINE_FEED = 0x0a;
const MAX_LINE_BYTES = 8 * 1024 * 1024;

/**
 * The lines of a stream, ended by 0x0A only: `node:readline` also splits at U+2028 and U+2029, which JSON allows inside a string, and keeps
 * a line in memory however long it gets. Throws for a line of more than 8 MiB.
 */
export async function* readLines(stream: Readable): AsyncGenerator<string> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  // A program whose first lines were read goes on writing: its stream is not closed.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    let rest: Buffer = chunk;
    for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED)) {
      yield Buffer.concat([...chunks, rest.subarray(0, end)]).toString('utf8');
      chunks = [];
      bytes = 0;
      rest = rest.subarray(end + 1);
    }
    chunks.push(rest);
    bytes += rest.length;
    if (bytes > MAX_LINE_BYTES) throw new Error(`A line has more than ${MAX_LINE_BYTES} bytes.`);
  }
  if (bytes > 0) yield Buffer.concat(chunks).toString('utf8');
}

/** A program that was started and is ready. */
export interface StartedProcess {
  readonly child: ChildProcess;
  /** What it printed until it was ready. */
  readonly printed: string;
  /** Everything it has logged to standard error so far. */
  log(): string;
  /** Sends a signal, SIGTERM by default, and waits for the end; returns the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface ProcessOptions {
  readonly command: readonly string[];
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The line on standard output that says that the program is ready. */
  readonly ready: RegExp;
}

/** Starts a program and waits until it prints its ready line. Throws with its log when it ends before. */
export const startProcess = async (options: ProcessOptions): Promise<StartedProcess> => {
  const [program = '', ...parameters] = options.command;
  const child = spawn(program, parameters, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.once('error', (error) => {
    log += error.message;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  let printed = '';
  for await (const line of readLines(child.stdout)) {
    printed += `${line}\n`;
    if (!options.ready.test(line)) continue;
    return {
      child,
      printed,
      log: () => log,
      stop: async (signal = 'SIGTERM') => {
        if (child.exitCode === null && child.signalCode === null) {
          const ended = once(child, 'exit');
          child.kill(signal);
          await ended;
        }
        return child.exitCode;
      },
    };
  }
  throw new Error(`${options.command.join(' ')} ended before it was ready. It logged:\n${log}`);
};

/** The processes that a process has started. Linux only. */
export const findChildren = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
