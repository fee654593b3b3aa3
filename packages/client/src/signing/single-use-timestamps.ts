// The server remembers a signature for at most 600 s; older timestamps cannot collide.
const REMEMBERED_SECONDS = 600;

/**
 * Hands out timestamps so that no request content gets the same one twice: content and timestamp decide the signature, and
 * the gateway accepts a signature once. Contract §6, rule 3.
 */
export class SingleUseTimestamps {
  readonly #contentsBySecond = new Map<number, Set<string>>();

  /** The first second from `now` on (whole Unix seconds) that this content has not had; it is taken at once. */
  reserve(content: string, now: number): number {
    let second = now;
    while (this.#contentsBySecond.get(second)?.has(content)) second += 1;
    this.#contentsAt(second, now).add(content);
    return second;
  }

  /** Gives a timestamp back whose signature was never sent. */
  release(content: string, second: number): void {
    const contents = this.#contentsBySecond.get(second);
    contents?.delete(content);
    if (contents?.size === 0) this.#contentsBySecond.delete(second);
  }

  #contentsAt(second: number, now: number): Set<string> {
    const known = this.#contentsBySecond.get(second);
    if (known !== undefined) return known;
    for (const old of this.#contentsBySecond.keys()) {
      if (old < now - REMEMBERED_SECONDS) this.#contentsBySecond.delete(old);
    }
    const contents = new Set<string>();
    this.#contentsBySecond.set(second, contents);
    return contents;
  }
}
