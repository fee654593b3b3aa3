import { z } from 'zod';

const SAME_LETTERS = 3;

const getStart = (name: string): string => name.slice(0, SAME_LETTERS).toLowerCase();

const unknownRole = (name: string, roles: readonly string[]): string => {
  const near = roles.find((role) => getStart(role) === getStart(name));
  return `role ${name} is unknown: ${near === undefined ? `there are ${roles.join(', ')}` : `did you mean ${near}?`}`;
};

/** Describes the problems of a keys file: which role or field is missing or unknown, never a value. */
const describeProblems = (issues: readonly z.core.$ZodIssue[], roles: readonly string[]): readonly string[] =>
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

const testKey = z.strictObject({ keyId: z.string().min(1), secret: z.string().min(1) });
const slowKey = testKey.extend({
  /** Requests that the key may make in one epoch minute. */
  rateLimitPerMinute: z.int().positive().max(50).default(5),
});

/** A withdrawal that the server executes at once, and how to make one that fails. */
const withdrawal = z.strictObject({
  currency: z.string().min(1),
  network: z.string().min(1),
  to_address: z.string().min(10),
  /** Use all decimals of the currency: an amount that a double does not hold finds more mistakes. */
  amount: z.string().regex(/^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/, 'must be a decimal string'),
  /** An address of the network: a withdrawal to it is accepted, and fails when it settles. */
  failing_to_address: z.string().min(10).optional(),
});

/**
 * Independent of @cpg/protocol, like the rejections: a permission that changes there must fail a case here.
 */
export const SINGLE_PERMISSIONS = Object.freeze([
  'read_balance',
  'list_currencies',
  'request_deposit_address',
  'read_deposit_status',
  'request_withdrawal_funding_address',
  'list_transactions',
  'withdraw',
  'read_withdrawal_status',
] as const);

export type SinglePermission = (typeof SINGLE_PERMISSIONS)[number];

/** Secrets that a server may trim, decode or read in another encoding, and their form. */
export const ODD_SECRETS = [
  { kind: 'spaces', description: 'with spaces around it', form: /^ .* $/s },
  { kind: 'hex', description: 'of hex digits', form: /^(?:[0-9a-f]{2}){8,}$/i },
  { kind: 'base64', description: 'in base64', form: /^(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==)$/ },
  { kind: 'unicode', description: 'with letters beyond ASCII', form: /[\u00a1-\u00ff].*[^\0-\u00ff]/s },
  { kind: 'long', description: 'of more than 64 bytes', form: /^.{65,}$/s },
] as const;

type OddKind = (typeof ODD_SECRETS)[number]['kind'];

const oddKeys = z.strictObject(
  Object.fromEntries(
    ODD_SECRETS.map(({ kind, form, description }) => [
      kind,
      testKey.extend({ secret: z.string().regex(form, `must be a secret ${description}`) }).optional(),
    ]),
  ) as Record<OddKind, z.ZodOptional<typeof testKey>>,
);

const testKeys = z.strictObject({
  /** Every permission. */
  full: testKey,
  /** `read_balance` only. */
  readonly: testKey,
  /** No permission. */
  noperm: testKey,
  /** Revoked. */
  revoked: testKey,
  /** Every permission, but only from an address that is not the suite's. */
  ipListed: testKey,
  /** `read_balance`, with a small limit, which the suite uses up. */
  slowA: slowKey,
  /** Like `slowA`, with the same limit. */
  slowB: slowKey,
  /** Every permission on another account. */
  other: testKey,
  /** Every permission, from the addresses of `ip-edge-cases.ts` only; for a run with a proxy. */
  ipEdges: testKey.optional(),
  /** One key for each permission, with that permission only. */
  only: z.record(z.enum(SINGLE_PERMISSIONS), testKey).optional(),
  /** Keys with secrets of {@link ODD_SECRETS}, each optional; any permissions. */
  odd: oddKeys.optional(),
  /** A withdrawal that `full` can make many times. */
  withdrawal: withdrawal.optional(),
});

/** The keys of a server under test, by role, and what one of them can withdraw. */
export type TestKeys = z.output<typeof testKeys>;
export type Role = Exclude<keyof TestKeys, 'only' | 'odd' | 'withdrawal'>;
export type TestKey = z.output<typeof testKey>;
export type WithdrawalTerms = z.output<typeof withdrawal>;

/** Parses a keys file. Throws an error that names the invalid role or field, never a secret. */
export const parseTestKeys = (json: string): TestKeys => {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch {
    throw new Error('The keys file must be JSON.');
  }
  const result = testKeys.safeParse(content);
  if (result.success) return result.data;
  const problems = describeProblems(result.error.issues, Object.keys(testKeys.shape));
  throw new Error(`The keys file is invalid:  ${problems.join('; ')}`);
};

/** Every secret of a keys file, to be masked in reports. */
export const getSecrets = ({ only, odd, withdrawal: _terms, ...roles }: TestKeys): readonly string[] =>
  [roles, only ?? {}, odd ?? {}].flatMap((keys) => Object.values(keys).flatMap((key) => key?.secret ?? []));
