const ROW = 16;
const LONGEST = 1_024;

const row = (bytes: Buffer, offset: number): string => {
  const part = bytes.subarray(offset, offset + ROW);
  const hex = [...part].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = part.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
  return `${offset.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * ROW - 1)}  ${text}`;
};

/** Bytes given as latin1 text, sixteen a row with their offset, at most the first 1024. */
export const hexdump = (text: string): readonly string[] => {
  const bytes = Buffer.from(text.slice(0, LONGEST), 'latin1');
  const rows: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += ROW) rows.push(row(bytes, offset));
  return text.length > LONGEST ? [...rows, `… (${text.length} bytes)`] : rows;
};

/** Whether a message has bytes that its text does not show: anything but visible ASCII and line ends. */
export const hasHiddenBytes = (text: string): boolean => /[^\r\n\x20-\x7e]/.test(text);
