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

/** Formats the fields of an object, one a line, with their values in one column. */
export const formatFields = (fields: object): string => {
  const width = Math.max(0, ...Object.keys(fields).map((name) => name.length)) + 2;
  return Object.entries(fields)
    .map(([name, value]) => `${formatVisible(name).padEnd(width)}${formatVisible(formatValue(value))}`)
    .join('\n');
};

const formatValue = (value: unknown): string => {
  if (value === null || value === undefined) return '–';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

/** Indented JSON, as printed by `--json`. */
export const formatJson = (value: unknown): string => JSON.stringify(value, null, 2);
