import { isUtf8 } from 'node:buffer';
import { REJECTIONS, type Rejection } from '@cpg/protocol';
import { toBuffer } from './body-collector.ts';

/**
 * Parses body bytes as JSON in strict UTF-8. An object with a key twice is malformed: `JSON.parse` keeps the last value and
 * other parsers the first, so two readers of the signed bytes would see different amounts. The content type is ignored, since
 * it is not signed. An empty body is `undefined`. Wire protocol §3 (400), §4.
 */
export const parseJsonBody = (body: Uint8Array): { readonly value: unknown } | Rejection => {
  if (body.length === 0) return { value: undefined };
  if (!isUtf8(body)) return REJECTIONS.malformed_json_body;
  try {
    const text = toBuffer(body).toString('utf8');
    const value: unknown = JSON.parse(text);
    return hasRepeatedKey(text) ? REJECTIONS.malformed_json_body : { value };
  } catch {
    return REJECTIONS.malformed_json_body;
  }
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const LAST_BLANK = 0x20;

/** Whether an object has a key twice. One pass over a text that `JSON.parse` accepted, about as fast as that. */
const hasRepeatedKey = (text: string): boolean => {
  const outer: KeySet[] = [];
  let keys = new KeySet();
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === OPENING_BRACE) {
      outer.push(keys);
      keys = new KeySet();
    } else if (code === CLOSING_BRACE) {
      keys = outer.pop() as KeySet;
    } else if (code === QUOTE) {
      const end = findClosingQuote(text, index);
      let next = end + 1;
      while (text.charCodeAt(next) <= LAST_BLANK) next += 1;
      if (text.charCodeAt(next) === COLON && !keys.add(readKey(text.slice(index, end + 1)))) return true;
      index = end;
    }
  }
  return false;
};

/** The end of the text that starts at `start`: the next quote after an even number of backslashes. */
const findClosingQuote = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
};

// "a" and "\u0061" are one key.
const readKey = (quoted: string): string =>
  quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);

const MAX_LISTED = 16;

/** The keys of one object: a list while they are few, which is faster to make than a set. */
class KeySet {
  readonly #few: string[] = [];
  #many: Set<string> | undefined;

  /** Returns false when the key was there already. */
  add(key: string): boolean {
    if (this.#many !== undefined) {
      const { size } = this.#many;
      return this.#many.add(key).size > size;
    }
    if (this.#few.includes(key)) return false;
    this.#few.push(key);
    if (this.#few.length > MAX_LISTED) this.#many = new Set(this.#few);
    return true;
  }
}
