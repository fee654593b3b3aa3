import { createInterface } from 'node:readline/promises';

/** Environment, input and output of the commands. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Prints a result to standard output. */
  print(text: string): void;
  /** Prints any other text to standard error. */
  note(text: string): void;
  /** Reads all of standard input. On a terminal, first prompts for `what`. */
  readInput(what: string): Promise<Buffer>;
  /** Asks a yes-or-no question. Returns `undefined` if standard input is not a terminal. */
  confirm(question: string): Promise<boolean | undefined>;
}

/** The terminal of this process. */
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
    const input = await questions.question(`${question} [y/N] `);
    questions.close();
    return /^y(?:es)?$/i.test(input.trim());
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

const ignoreClosedPipe = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EPIPE') throw error;
};

/**
 * Exits quietly when the reader of standard output closes the pipe, like `head` and `less` do. A closed
 * standard error is ignored, so that it cannot interrupt a withdrawal.
 */
export const exitOnClosedPipe = (results: NodeJS.WriteStream, notes: NodeJS.WriteStream): void => {
  results.on('error', (error) => {
    ignoreClosedPipe(error);
    process.exit();
  });
  notes.on('error', ignoreClosedPipe);
};

/** Wrong usage of a command; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

// Control characters, and characters that are invisible or change the text direction.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const escapeCharacter = (character: string): string => {
  const code = character.codePointAt(0) as number;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '␡' : `\\u{${code.toString(16)}}`;
};

/** Replaces control characters with their Unicode pictures (`␊`) and escapes other invisible characters. */
export const formatVisible = (text: string): string => text.replace(HIDDEN, escapeCharacter);

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Amounts are right-aligned, so that their decimal points line up. @default 'left' */
  readonly align?: 'left' | 'right';
}

/** Formats rows under titles in aligned columns, two spaces apart. */
export const formatTable = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string => {
  const cells = [
    columns.map(({ title }) => title),
    // Values from a server must not control the terminal.
    ...rows.map((row) => columns.map(({ value }) => formatVisible(value(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  const pad = (cell: string, index: number): string =>
    columns[index]?.align === 'right' ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0);
  return cells.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
};
