import type { z } from 'zod';

const SAME_LETTERS = 3;

const startOf = (name: string): string => name.slice(0, SAME_LETTERS).toLowerCase();

const unknownRole = (name: string, roles: readonly string[]): string => {
  const near = roles.find((role) => startOf(role) === startOf(name));
  return `role ${name} is unknown: ${near === undefined ? `there are ${roles.join(', ')}` : `did you mean ${near}?`}`;
};

/** What is wrong with a keys file, in words: which role or field is missing or unknown, and never a value. */
export const describeFaults = (
  issues: readonly z.core.$ZodIssue[],
  roles: readonly string[],
): readonly string[] =>
  issues.flatMap((issue) => {
    const name = issue.path.join('.');
    const kind = issue.path.length === 1 ? 'role' : 'field';
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) =>
        name === '' ? unknownRole(key, roles) : `field ${name}.${key} is unknown`,
      );
    const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
    if (isMissing) return [`${kind} ${name} is missing`];
    return [name === '' ? issue.message : `${name}: ${issue.message}`];
  });
