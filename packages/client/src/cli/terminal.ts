import { createInterface } from 'node:readline/promises';
import { buffer } from 'node:stream/consumers';

/** What the commands see of the world. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results, on standard output. */
  print(text: string): void;
  /** Everything else, on standard error. */
  note(text: string): void;
  /** All of standard input; somebody who is there to type it is told what to enter. */
  readInput(what: string): Promise<Buffer>;
  /** Asks a yes-or-no question; `undefined` when nobody is there to answer. */
  confirm(question: string): Promise<boolean | undefined>;
}

/** The real one. */
export const processTerminal: Terminal = {
  env: process.env,
  print: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
  readInput: (what) => {
    if (process.stdin.isTTY) processTerminal.note(`Enter ${what}, then Ctrl-D on a line of its own.`);
    return buffer(process.stdin);
  },
  confirm: async (question) => {
    if (!process.stdin.isTTY) return undefined;
    const questions = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await questions.question(`${question} [y/N] `);
    questions.close();
    return /^y(?:es)?$/i.test(answer.trim());
  },
};
