import type { Generated } from 'kysely';

export interface AccountTables {
  account: { readonly id: string; readonly name: string };
  account_currency: {
    readonly account_id: string;
    readonly currency: string;
    readonly network: string;
    readonly deposit_enabled: boolean;
    readonly withdrawal_enabled: boolean;
  };
  api_key: {
    readonly key_id: string;
    readonly account_id: string;
    readonly permissions: string[];
    /** `null`: any address. */
    readonly source_ips: string[] | null;
    readonly rate_limit_per_minute: number;
    readonly revoked_at: Date | null;
  };
  /** One or two live secrets a key, encrypted. */
  api_key_secret: {
    readonly id: Generated<number>;
    readonly key_id: string;
    readonly sealed_secret: string;
    /** From then on it no longer signs; `null`: it has no end yet. */
    readonly retired_at: Date | null;
  };
  /** Funds the withdrawals of one account on one network. */
  hot_wallet: { readonly account_id: string; readonly network: string; readonly address: string };
}
