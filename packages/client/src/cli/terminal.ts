import { createInterface } from 'node:readline/promises';

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
    return readLimited(process.stdin, what);
  },
  confirm: async (question) => {
    if (!process.stdin.isTTY) return undefined;
    const questions = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await questions.question(`${question} [y/N] `);
    questions.close();
    return /^y(?:es)?$/i.test(answer.trim());
  },
};

/** No request or body that a gateway accepts is larger. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

const readLimited = async (input: AsyncIterable<Buffer>, what: string): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > MAX_INPUT_BYTES) {
      throw new UsageError(`Standard input holds more than ${MAX_INPUT_BYTES} bytes: expected ${what}.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const ignoreClosedPipe = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EPIPE') throw error;
};

/**
 * Ends the program quietly, as `head` and `less` expect, when the reader of its results leaves. Notes that have no reader are lost: a
 * withdrawal must not end half-way for them.
 */
export const endWithReader = (results: NodeJS.WriteStream, notes: NodeJS.WriteStream): void => {
  results.on('error', (error) => {
    ignoreClosedPipe(error);
    process.exit();
  });
  notes.on('error', ignoreClosedPipe);
};

/** A command that was called wrongly; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

// Control characters, and what has no glyph or reorders its neighbours.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const escapeCharacter = (character: string): string => {
  const code = character.codePointAt(0) as number;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '␡' : `\\u{${code.toString(16)}}`;
};

/** Shows line feeds and other control characters as pictures, so that the framing can be seen; escapes what is invisible. */
export const visible = (text: string): string => text.replace(HIDDEN, escapeCharacter);

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Amounts stand right, so that their points line up. */
  readonly align?: 'left' | 'right';
}

/** Rows under titles in aligned columns, two spaces apart. */
export const formatTable = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string => {
  const cells = [
    columns.map(({ title }) => title),
    // What a server sent must not move the cursor or colour the terminal.
    ...rows.map((row) => columns.map(({ value }) => visible(value(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  const pad = (cell: string, index: number): string =>
    columns[index]?.align === 'right' ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0);
  return cells.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
};
