const NAMES: Readonly<Record<string, string>> = { '\n': '␊', '\r': '␍', '\t': '␉', '\0': '␀', '\x7f': '␡' };

/** Shows what an editor hides: line ends, tabs and every byte that is not visible ASCII. */
export const visible = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (character) => NAMES[character] ?? escapeCharacter(character));

const escapeCharacter = (character: string): string => {
  const code = character.charCodeAt(0);
  return code <= 0xff
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** A text as it is, but for the characters that would steer a terminal. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, visible);

/** How many characters are shown of what may be long. */
export const LENGTHS = Object.freeze({
  /** A cell of a table. */
  cell: 200,
  /** A value on a terminal. */
  value: 600,
  /** A message on a terminal: a whole request head, and some of the body. */
  message: 1_500,
  /** Anything on a page of its own. */
  page: 8_000,
} as const);

interface Shown {
  /** The offset of interest. */
  readonly around?: number | undefined;
  readonly length?: number;
}

/** One readable line of at most so many characters, around the offset of interest. */
export const excerpt = (text: string, { around = 0, length = LENGTHS.value }: Shown = {}): string => {
  if (text.length <= length) return visible(text);
  const start = Math.max(0, Math.min(Math.floor(around - length / 2), text.length - length));
  const cut = visible(text.slice(start, start + length));
  return `${start > 0 ? '…' : ''}${cut}${start + length < text.length ? '…' : ''} (${text.length} characters)`;
};

/** The lines of a text, each with its line end. */
export const linesOf = (text: string): readonly string[] => text.split(/(?<=\n)/);

/** Each line of a text on a line of its own, with its line end shown. */
export const visibleLines = (text: string, length: number = LENGTHS.value): readonly string[] =>
  linesOf(text).map((line) => excerpt(line, { length }));
