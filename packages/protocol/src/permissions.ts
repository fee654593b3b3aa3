declare global {
  namespace CPG {
    /**
     * The plain names of the permissions of your own API, declared once:
     * `declare global { namespace CPG { interface OwnPermissions { read_invoices: true } } }`
     */
    interface OwnPermissions {}
  }
}

/** The eight permissions that a key can have; `_ping` needs none. Wire protocol §4. */
export const PERMISSIONS = Object.freeze([
  'read_balance',
  'list_currencies',
  'request_deposit_address',
  'read_deposit_status',
  'request_withdrawal_funding_address',
  'list_transactions',
  'withdraw',
  'read_withdrawal_status',
] as const);

/** One of the eight permissions of {@link PERMISSIONS}. */
export type Permission = (typeof PERMISSIONS)[number];

/**
 * A permission of a service's own API: any name with a colon, such as `invoices:read`, or a plain name that is declared
 * in `CPG.OwnPermissions`. A misspelt permission of CPG is neither.
 */
export type OwnPermission = `${string}:${string}` | Extract<keyof CPG.OwnPermissions, string>;

/** A permission that a key can have and an endpoint can need. */
export type AnyPermission = Permission | OwnPermission;

// A scope-token of OAuth 2.0 (RFC 6749 §3.3).
const NAME = /^[!#-[\]-~]{1,128}$/;

/**
 * Describes what is wrong with the name of a permission, as the end of the sentence "it must …"; `undefined` for a
 * permission of CPG and for an own one. A plain name that differs from one of CPG by two characters or fewer counts as
 * misspelt; with a colon any name is an own one.
 */
export const findPermissionMistake = (name: unknown): string | undefined => {
  if (typeof name !== 'string' || !NAME.test(name)) {
    return 'be a permission: 1 to 128 printable ASCII characters without space, " and \\';
  }
  if (PERMISSIONS.includes(name as Permission) || name.includes(':')) return undefined;
  const meant = PERMISSIONS.find((permission) => isSimilar(name, permission));
  return (
    meant && `be "${meant}", or, if it is a permission of your own API, have a colon, e.g. "own:${name}"`
  );
};

/** The most characters in which a misspelt name differs: one typed twice, left out, added, or swapped with the next. */
const MAX_DIFFERENCE = 2;

/** Whether two names are the same but for case, separators and a part of at most two characters. */
const isSimilar = (left: string, right: string): boolean => {
  const [one, other] = [left, right].map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, '')) as [
    string,
    string,
  ];
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return Math.max(one.length, other.length) - start - end <= MAX_DIFFERENCE;
};
