import type { Permission, SigningKey } from '@cpg/protocol';

/** Everything the middleware must know of one API key. */
export interface CpgKey {
  /** The public id, compared exactly with `X-CPG-Key`. */
  readonly keyId: string;
  /** One live key, or two while a secret is being rotated; either signs. */
  readonly signingKeys: readonly SigningKey[];
  readonly permissions: readonly Permission[];
  /** IP addresses and CIDR ranges the key may be used from; left out, from anywhere; empty, from nowhere. */
  readonly sourceIps?: readonly string[] | undefined;
  /** Authenticated requests per epoch minute. */
  readonly rateLimitPerMinute: number;
  readonly accountId: string;
  /** A revoked key answers exactly as an unknown one. */
  readonly revoked?: boolean | undefined;
}

/** Where keys come from. Called once per request; wrap a database in `cachedKeys`. */
export interface KeyStore {
  find(keyId: string): CpgKey | undefined | Promise<CpgKey | undefined>;
  /** Whether any key has a whitelist, if that is known beforehand; lets a permissive `trust proxy` fail at once. */
  readonly hasSourceIps?: boolean;
}
