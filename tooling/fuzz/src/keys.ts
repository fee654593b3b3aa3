/** A key, as the server and the verifier get it. */
export interface FuzzKey {
  readonly id: string;
  readonly secrets: readonly string[];
  readonly revoked: boolean;
  readonly sourceIps: readonly string[] | null;
  /** Requests a minute; `null` without a limit. */
  readonly limit: number | null;
}

const key = (id: string, rest: Partial<FuzzKey> = {}): FuzzKey => ({
  id,
  secrets: [`secret of ${id}`],
  revoked: false,
  sourceIps: null,
  limit: null,
  ...rest,
});

export const KEYS: readonly FuzzKey[] = [
  key('ck_full'),
  key('ck_rotated', { secrets: ['new secret — ü', 'old secret, 0123456789abcdef'] }),
  key('ck_revoked', { revoked: true }),
  key('ck_elsewhere', { sourceIps: ['10.0.0.0/8', '2001:db8::/32'] }),
  key('ck_here', { sourceIps: ['10.0.0.0/8', '127.0.0.0/30'] }),
  key('ck_slow', { limit: 40 }),
];

/** Bytes of a body that the server accepts. */
export const BODY_LIMIT = 4_096;

/** The time of the first round, Unix seconds. */
export const FIRST_SECOND = 1_747_444_800;
