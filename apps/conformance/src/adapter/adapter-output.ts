/** Characters kept of each stream; an adapter that writes more is ended, as nobody could look through it for secrets. */
export const MOST_OUTPUT = 16 * 1024 * 1024;

const LINES_QUOTED = 3;
const QUOTED = 300;

/** Everything an adapter has written, its two streams apart. */
export class AdapterOutput {
  #stdout = '';
  #stderr = '';

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get isTooMuch(): boolean {
    return this.#stdout.length > MOST_OUTPUT || this.#stderr.length > MOST_OUTPUT;
  }

  addAnswer(line: string): void {
    this.#stdout += `${line}\n`;
  }

  addError(text: string): void {
    this.#stderr += text;
  }

  /** The end of standard error, where a program says why it ends; nothing when it is empty. */
  lastWords(): string {
    const words = this.#stderr.trim().split('\n').slice(-LINES_QUOTED).join(' | ').slice(-QUOTED);
    return words === '' ? '' : `; the last it wrote to standard error: ${words}`;
  }
}
