import { readFileSync } from 'node:fs';
import { Expectations } from '../core/expectations.ts';
import type { ResultRecord } from '../core/record.ts';
import { readJsonLines } from '../report/json-lines.ts';
import { parseTestKeys, type TestKeys } from '../server/test-keys.ts';

/** The command was given something that it cannot work with: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reads and understands a file that the user named. Throws a `UsageError` that says which file, and why. */
const readInput = <Value>(path: string, understand: (text: string) => Value): Value => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`The file cannot be read: ${path}.`, { cause: error });
  }
  try {
    return understand(text);
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : 'unreadable'}`, {
      cause: error,
    });
  }
};

export const readKeys = (path: string): TestKeys => readInput(path, parseTestKeys);

export const readExpectations = (path: string): Expectations => readInput(path, Expectations.parse);

export const readResults = (path: string): readonly ResultRecord[] => readInput(path, readJsonLines);
