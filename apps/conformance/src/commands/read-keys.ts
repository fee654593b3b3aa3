import { readFileSync } from 'node:fs';
import { parseTestKeys, type TestKeys } from '../server/test-keys.ts';
import { UsageError } from './usage-error.ts';

/** Reads a keys file. Throws a `UsageError` that names the file and the faulty field, never a secret. */
export const readKeys = (path: string): TestKeys => {
  let json: string;
  try {
    json = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`The keys file cannot be read: ${path}.`, { cause: error });
  }
  try {
    return parseTestKeys(json);
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : 'unreadable'}`, {
      cause: error,
    });
  }
};
