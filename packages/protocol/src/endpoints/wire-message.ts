import type * as core from 'zod/v4/core';

type RawIssue = core.$ZodRawIssue;

/** A count and its noun: `1 character`, `2 characters`. */
export const plural = (count: number | bigint, noun: string): string =>
  `${count} ${noun}${Number(count) === 1 ? '' : 's'}`;

const TYPES: Readonly<Record<string, string>> = {
  string: 'a valid string',
  number: 'a valid number',
  int: 'a valid integer',
  boolean: 'a valid boolean',
  object: 'an object',
};

const describeRange = (issue: core.$ZodIssueTooSmall | core.$ZodIssueTooBig): string => {
  const isLower = issue.code === 'too_small';
  const limit = isLower ? issue.minimum : issue.maximum;
  if (issue.origin === 'string')
    return `String should have ${isLower ? 'at least' : 'at most'} ${plural(limit, 'character')}`;
  const bound = isLower ? 'greater than' : 'less than';
  return `Input should be ${bound}${issue.inclusive ? ' or equal to' : ''} ${limit}`;
};

/**
 * The zod error map with the wording of the wire protocol, for example `Input should be greater than 0`. A
 * message in a schema takes precedence. Wire protocol §3 (422).
 */
export const wireMessage = (raw: RawIssue): string => {
  const issue = raw as core.$ZodIssue;
  if (raw.input === undefined && issue.code !== 'unrecognized_keys') return 'Field required';
  switch (issue.code) {
    case 'invalid_type':
      return `Input should be ${TYPES[issue.expected] ?? `a valid ${issue.expected}`}`;
    case 'too_small':
    case 'too_big':
      return describeRange(issue);
    case 'invalid_value':
      return `Input should be ${issue.values.map((value) => `'${String(value)}'`).join(', ')}`.replace(
        /, ([^,]*)$/,
        ' or $1',
      );
    case 'invalid_union':
      return 'Input should be a valid string or number';
    default:
      return 'Input should be valid';
  }
};

/**
 * Formats issues as the 422 message: `field: reason; field: reason`, one reason per field. Wire protocol §3.
 */
export const formatIssues = (issues: readonly core.$ZodIssue[]): string => {
  const reasons = new Map<string, string>();
  for (const issue of issues) {
    const fields = issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.') || 'body'];
    const reason = issue.code === 'unrecognized_keys' ? 'Unexpected field' : issue.message;
    for (const field of fields) if (!reasons.has(field)) reasons.set(field, reason);
  }
  return [...reasons].map(([field, reason]) => `${field}: ${reason}`).join('; ');
};
