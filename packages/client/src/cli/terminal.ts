import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** Environment, input and output of the commands. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether standard input is a terminal, so that questions can be asked. */
  readonly isInteractive: boolean;
  /** Prints a result to standard output. */
  print(text: string): void;
  /** Prints any other text to standard error. */
  note(text: string): void;
  /** Reads all of standard input. On a terminal, first prompts for `what`. */
  readInput(what: string): Promise<Buffer>;
  /**
   * Asks a question and returns the line that was entered; `undefined` after Ctrl-C or Ctrl-D. A hidden
   * answer is not echoed.
   */
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string | undefined>;
  /**
   * Calls the listener on Ctrl-C, SIGTERM or SIGHUP, and when the reader of standard output has closed the
   * pipe. Returns a function that restores the default: the process ends.
   */
  onInterrupt(listener: () => void): () => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Receives what `readline` echoes while a secret is typed. */
const discard = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

/** The terminal of this process. */
export const processTerminal: Terminal = {
  env: process.env,
  get isInteractive() {
    return process.stdin.isTTY === true;
  },
  print: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
  readInput: (what) => {
    if (process.stdin.isTTY) processTerminal.note(`Enter ${what}, then Ctrl-D on a line of its own.`);
    return readLimited(process.stdin, what);
  },
  ask: (question, { hidden = false } = {}) =>
    new Promise((resolve) => {
      const output = hidden ? discard() : process.stderr;
      const questions = createInterface({ input: process.stdin, output, terminal: true });
      // Without this, Ctrl-C and Ctrl-D would end the process with exit code 0.
      const onEnd = (): void => {
        process.stderr.write('\n');
        resolve(undefined);
      };
      questions.once('close', onEnd);
      if (hidden) process.stderr.write(question);
      questions.question(hidden ? '' : question, (line) => {
        // Not removeAllListeners: Node.js has a listener too, without which this reader would echo the next answers.
        questions.off('close', onEnd).close();
        if (hidden) process.stderr.write('\n');
        resolve(line);
      });
    }),
  onInterrupt: (listener) => {
    for (const signal of SIGNALS) process.on(signal, listener);
    process.stdout.on('error', listener);
    return () => {
      for (const signal of SIGNALS) process.off(signal, listener);
      process.stdout.off('error', listener);
    };
  },
};

/** Larger than any request that a gateway accepts. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

const readLimited = async (input: AsyncIterable<Buffer>, what: string): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > MAX_INPUT_BYTES) {
      throw new UsageError(`Standard input is longer than ${MAX_INPUT_BYTES} bytes: expected ${what}.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const isClosedPipe = (error: NodeJS.ErrnoException): boolean => error.code === 'EPIPE';

/**
 * Lets a command finish with its own exit code when the reader of its output closes the pipe, like `head` and
 * `less` do. Any other failure to write the result, such as a full disk, is reported with exit code 1.
 */
export const surviveClosedPipes = (results: NodeJS.WriteStream, notes: NodeJS.WriteStream): void => {
  results.on('error', (error: NodeJS.ErrnoException) => {
    if (isClosedPipe(error)) return;
    notes.write(`The result could not be written to standard output: ${error.message}\n`);
    process.on('exit', (code) => {
      if (code === 0) process.exitCode = 1;
    });
  });
  notes.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
  });
};

/** Wrong usage of a command; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
