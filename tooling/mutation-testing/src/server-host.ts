import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { readLines, startProcess } from '@cpg/test-support/processes';

/** A program of this folder. */
export interface Program {
  readonly program: string;
  readonly argv: readonly string[];
}

/** The command line of a program, without a shell. */
export const commandLineFor = ({ program, argv }: Program): readonly string[] => [
  process.execPath,
  ...process.execArgv,
  join(import.meta.dirname, program),
  ...argv,
];

/** Runs the body with a server in a process of its own, by its addresses. */
export const withServer = async <Result>(
  program: Program,
  body: (addresses: readonly string[]) => Promise<Result>,
): Promise<Result> => {
  const { printed, stop } = await startProcess({ command: commandLineFor(program), ready: /^http:/ });
  try {
    return await body(printed.trim().split(' '));
  } finally {
    await stop('SIGKILL');
  }
};

interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: AsyncIterator<string>;
}

/**
 * A process that serves many mutants, each on ports of its own: to start a process takes longer than most trials.
 * When a mutant has ended it, the next one gets a new process.
 */
export class ServerHost {
  #running: Running | undefined;

  /** Starts a server with a mutant's parts; returns its addresses. */
  async serve(id: string): Promise<readonly string[]> {
    if (this.#running?.child.exitCode !== null) this.#running = this.#start();
    const { child, lines } = this.#running;
    child.stdin.write(`${id}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`The process that serves mutants ended at ${id}.`);
    return value.split(' ');
  }

  close(): void {
    this.#running?.child.kill('SIGKILL');
  }

  #start(): Running {
    const [program = '', ...parameters] = commandLineFor({ program: 'run-mutant.ts', argv: ['servers'] });
    const child = spawn(program, parameters, { stdio: ['pipe', 'pipe', 'inherit'] });
    return { child, lines: readLines(child.stdout) };
  }
}
