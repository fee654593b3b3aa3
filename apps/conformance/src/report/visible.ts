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

const LONGEST = 200;

/** One readable line of at most 200 characters, around the offset of interest. */
export const excerpt = (text: string, around = 0): string => {
  if (text.length <= LONGEST) return visible(text);
  const start = Math.max(0, Math.min(around - LONGEST / 2, text.length - LONGEST));
  const cut = visible(text.slice(start, start + LONGEST));
  return `${start > 0 ? '…' : ''}${cut}${start + LONGEST < text.length ? '…' : ''} (${text.length} characters)`;
};

/** Each line of a text on a line of its own, with its line end shown. */
export const visibleLines = (text: string): readonly string[] =>
  text.split(/(?<=\n)/).map((line) => excerpt(line));
