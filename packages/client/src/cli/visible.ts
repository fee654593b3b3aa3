/** Shows line feeds and other control characters as pictures, so that the framing can be seen. */
export const visible = (text: string): string =>
  text.replace(/\p{Cc}/gu, (character) =>
    character === '\u007f' ? '␡' : String.fromCodePoint(0x2400 + (character.codePointAt(0) ?? 0)),
  );
