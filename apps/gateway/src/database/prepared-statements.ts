import { hash } from 'node:crypto';

// Statements with lists of values differ in their texts: only those that come again are worth a name.
const MIN_USES = 2;
// Bounds the memory that each connection takes in PostgreSQL.
const MAX_NAMES = 256;
const MAX_COUNTED = 4_096;

// The connection does not know the name, or knows it already: a pooler gave it another server connection.
const UNKNOWN_NAME_STATES: readonly unknown[] = ['26000', '42P05'];

const getCode = (error: unknown): unknown => Object(error).code;

const isStalePlan = (error: unknown): boolean =>
  getCode(error) === '0A000' && String(Object(error).message).includes('cached plan');

/**
 * Whether a prepared statement failed before it ran, and so can be sent again: through a pooler that does not
 * support prepared statements, or after a migration that changed its columns.
 */
export const isPreparationFailure = (error: unknown): boolean =>
  UNKNOWN_NAME_STATES.includes(getCode(error)) || isStalePlan(error);

/** A statement for `client.query` of pg, named when it is to be prepared. */
export interface PreparedQuery {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly name?: string;
}

/**
 * Gives names to the statements of a pool that are sent more than once: each connection parses and plans them once. The
 * name is derived from the text, so that two clients of a pooler that share a server connection mean the same.
 */
export class PreparedStatements {
  readonly #uses = new Map<string, number>();
  readonly #names = new Map<string, string>();
  #isSupported = true;
  #generation = 0;

  format(text: string, values: readonly unknown[]): PreparedQuery {
    const name = this.#isSupported && values.length > 0 ? this.#getName(text) : undefined;
    return { text, values, ...(name !== undefined && { name }) };
  }

  /** Learns from a failure, if it is one of preparation: the statement can then be sent again. */
  learn(error: unknown): void {
    if (UNKNOWN_NAME_STATES.includes(getCode(error))) this.#isSupported = false;
    if (!isStalePlan(error)) return;
    this.#generation += 1;
    this.#names.clear();
  }

  #getName(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= MAX_NAMES) return known;
    const uses = (this.#uses.get(text) ?? 0) + 1;
    if (uses < MIN_USES) {
      if (this.#uses.size >= MAX_COUNTED) this.#uses.clear();
      this.#uses.set(text, uses);
      return undefined;
    }
    this.#uses.delete(text);
    const name = `cpg_${this.#generation}_${hash('sha256', text, 'hex').slice(0, 24)}`;
    this.#names.set(text, name);
    return name;
  }
}
