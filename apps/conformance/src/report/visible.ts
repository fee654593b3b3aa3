// Escapes, which every font has, unlike the pictures of control characters.
const NAMES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' };

// Control characters, invisible and bidirectional characters, and spaces that look like U+0020.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;
const UTF8_OR_BYTE =
  /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[\x80-\xff]/g;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const escapeCharacter = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
};

/**
 * Makes line ends, tabs, control, invisible and bidirectional characters visible. Printable characters stay.
 */
export const visible = (text: string): string =>
  text.replace(HIDDEN, (character) => NAMES[character] ?? escapeCharacter(character));

const decodeUtf8 = (bytes: string): string => {
  try {
    if (bytes.length > 1) return decoder.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    // Overlong, or half of a surrogate pair.
  }
  return Array.from(bytes, escapeCharacter).join('');
};

/** The same for bytes given as latin1 text: characters in UTF-8 are shown, other bytes beyond ASCII escaped. */
export const visibleBytes = (text: string): string => visible(text.replace(UTF8_OR_BYTE, decodeUtf8));

/** The maximum lengths of shown text. */
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
  /** Whether the text is bytes, given as latin1 text. */
  readonly isBytes?: boolean;
}

// An offset may split a surrogate pair.
const dropHalves = (cut: string): string => cut.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');

/** One readable line of at most `length` characters, around the offset of interest. */
export const excerpt = (text: string, shown: Shown = {}): string => {
  const { around = 0, length = LENGTHS.value, isBytes = false } = shown;
  const show = isBytes ? visibleBytes : visible;
  if (text.length <= length) return show(text);
  const start = Math.max(0, Math.min(Math.floor(around - length / 2), text.length - length));
  const cut = show(dropHalves(text.slice(start, start + length)));
  return `${start > 0 ? '…' : ''}${cut}${start + length < text.length ? '…' : ''} (${text.length} characters)`;
};

/** The lines of a text, each with its line end. */
export const splitLines = (text: string): readonly string[] => text.split(/(?<=\n)/);

/** The lines of a message, given as latin1 text, with visible line ends. */
export const visibleLines = (text: string, length: number = LENGTHS.value): readonly string[] =>
  splitLines(text).map((line) => excerpt(line, { length, isBytes: true }));

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Escapes a text for XML and HTML elements and quoted attributes. Control and invisible characters become
 * visible.
 */
export const escapeMarkup = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (character) => (character === '\n' ? '\n' : '\ufffd'))
    .replace(/[^\n\ufffd]+/g, visible)
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
