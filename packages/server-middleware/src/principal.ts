import type { Permission } from '@cpg/protocol';

/** Who sent an authenticated request; `req.cpg` in Express. */
export interface Principal {
  readonly keyId: string;
  readonly accountId: string;
  readonly permissions: readonly Permission[];
  /** The signed timestamp, Unix seconds. */
  readonly timestamp: number;
}
