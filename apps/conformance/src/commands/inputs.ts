import { readFileSync } from 'node:fs';
import { Expectations } from '../core/expectations.ts';
import type { ResultRecord } from '../core/record.ts';
import { readJsonLines } from '../report/json-lines.ts';
import { parseTestKeys, type TestKeys } from '../server/test-keys.ts';

/** Invalid options or input files: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reads and parses an input file. Throws a `UsageError` that names the file and the problem. */
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
