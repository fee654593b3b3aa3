// Control characters, and what has no glyph or reorders its neighbours.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const escapeCharacter = (character: string): string => {
  const code = character.codePointAt(0) as number;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '␡' : `\\u{${code.toString(16)}}`;
};

/** Shows line feeds and other control characters as pictures, so that the framing can be seen; escapes what is invisible. */
export const visible = (text: string): string => text.replace(HIDDEN, escapeCharacter);
