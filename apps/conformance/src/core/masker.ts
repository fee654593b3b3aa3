const MIN_PHRASE_LENGTH = 8;

/** Where a phrase was found in a text. */
export interface Found {
  readonly phrase: string;
  /** Offset of its first character, from 0. */
  readonly offset: number;
}

/** Finds any of thousands of phrases in one pass over a text. */
class PhraseFinder {
  /** The phrases by their first characters. */
  readonly #byStart = new Map<string, Set<string>>();

  /** Ignores phrases of fewer than eight characters, which occur by chance. */
  add(phrase: string): void {
    if (phrase.length < MIN_PHRASE_LENGTH) return;
    const start = phrase.slice(0, MIN_PHRASE_LENGTH);
    const phrases = this.#byStart.get(start) ?? new Set();
    this.#byStart.set(start, phrases.add(phrase));
  }

  /** The first phrase that occurs in a text. */
  find(text: string): Found | undefined {
    for (let offset = 0; offset + MIN_PHRASE_LENGTH <= text.length; offset++) {
      const phrase = this.#longestAt(text, offset);
      if (phrase !== undefined) return { phrase, offset };
    }
    return undefined;
  }

  /** The text with every phrase in it replaced; where several begin, the longest. */
  replace(text: string, substitute: (phrase: string) => string): string {
    let result = '';
    let kept = 0;
    for (let offset = 0; offset + MIN_PHRASE_LENGTH <= text.length; ) {
      const phrase = this.#longestAt(text, offset);
      if (phrase === undefined) {
        offset++;
        continue;
      }
      result += text.slice(kept, offset) + substitute(phrase);
      offset += phrase.length;
      kept = offset;
    }
    return result + text.slice(kept);
  }

  #longestAt(text: string, offset: number): string | undefined {
    let longest: string | undefined;
    for (const phrase of this.#byStart.get(text.slice(offset, offset + MIN_PHRASE_LENGTH)) ?? [])
      if (phrase.length > (longest?.length ?? 0) && text.startsWith(phrase, offset)) longest = phrase;
    return longest;
  }
}

const SECRET = '[secret]';
const SIGNATURE_SHOWN = 8;

/**
 * The part of a secret's base64 that is independent of the text around it, such as in `key:secret`; `before`:
 * bytes before it, modulo 3.
 */
const insideBase64 = (secret: Buffer, before: 0 | 1 | 2): string => {
  const text = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
  // The first digits contain bits of the text before, the last ones of the text after.
  return text.slice([0, 2, 3][before], Math.floor(((before + secret.length) * 8) / 6));
};

/** The forms in which a secret may appear in a text. */
const getForms = (secret: Buffer): readonly string[] => {
  const text = secret.toString('utf8');
  const base64 = ([0, 1, 2] as const).map((before) => insideBase64(secret, before));
  const hex = secret.toString('hex');
  return [
    text,
    encodeURIComponent(text),
    new URLSearchParams([['', text]]).toString().slice(1),
    secret.toString('base64'),
    secret.toString('base64').replace(/=+$/, ''),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
    hex,
    hex.toUpperCase(),
  ];
};

/** Masks the secrets and valid signatures of a run in every report. */
export class Masker {
  readonly #secrets = new PhraseFinder();
  readonly #signatures = new PhraseFinder();

  addSecret(secret: Buffer | string): void {
    for (const form of getForms(Buffer.from(secret))) {
      // A line of JSON or an inspected object shows quotes and line ends escaped.
      for (const text of [form, JSON.stringify(form).slice(1, -1)]) this.#secrets.add(text);
    }
  }

  addSignature(signature: string): void {
    if (signature.length >= 32) this.#signatures.add(signature);
  }

  /** The first secret in a text, in any of its forms. */
  findSecret(text: string): Found | undefined {
    return this.#secrets.find(text);
  }

  /** The first valid signature in a text. */
  findSignature(text: string): Found | undefined {
    return this.#signatures.find(text);
  }

  /** Whether a secret occurs in a text, in any of its forms. */
  containsSecret(text: string): boolean {
    return this.findSecret(text) !== undefined;
  }

  mask(text: string): string {
    const masked = this.#secrets.replace(text, () => SECRET);
    return this.#signatures.replace(masked, (found) => `${found.slice(0, SIGNATURE_SHOWN)}...[masked]`);
  }

  /** The same value with every text in it masked. */
  maskAll<Value>(value: Value): Value {
    if (typeof value === 'string') return this.mask(value) as Value;
    if (Array.isArray(value)) return value.map((item) => this.maskAll(item)) as Value;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, this.maskAll(item)]),
    ) as Value;
  }
}
