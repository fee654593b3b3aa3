const SHORTEST = 8;

/** Where a phrase was found in a text. */
export interface Found {
  readonly phrase: string;
  /** Offset of its first character, from 0. */
  readonly offset: number;
}

/** Finds any of thousands of phrases in one pass over a text. */
export class PhraseFinder {
  /** The phrases by their first characters. */
  readonly #byStart = new Map<string, Set<string>>();

  /** Phrases of fewer than eight characters occur by chance, and are not looked for. */
  add(phrase: string): void {
    if (phrase.length < SHORTEST) return;
    const start = phrase.slice(0, SHORTEST);
    const phrases = this.#byStart.get(start) ?? new Set();
    this.#byStart.set(start, phrases.add(phrase));
  }

  /** The first phrase that occurs in a text. */
  find(text: string): Found | undefined {
    for (let offset = 0; offset + SHORTEST <= text.length; offset++) {
      const phrase = this.#longestAt(text, offset);
      if (phrase !== undefined) return { phrase, offset };
    }
    return undefined;
  }

  /** The text with every phrase in it replaced; where several begin, the longest. */
  replace(text: string, substitute: (phrase: string) => string): string {
    let result = '';
    let kept = 0;
    for (let offset = 0; offset + SHORTEST <= text.length; ) {
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
    for (const phrase of this.#byStart.get(text.slice(offset, offset + SHORTEST)) ?? [])
      if (phrase.length > (longest?.length ?? 0) && text.startsWith(phrase, offset)) longest = phrase;
    return longest;
  }
}
