import { REJECTIONS, type Rejection, SIGNATURE_HEADER } from '@cpg/protocol';
import type { Principal } from '@cpg/server-middleware';
import type { Request } from 'express';
import type { Database } from '../database/open-database.ts';

/** The key and the signature of a request. */
export interface SignedRequest {
  readonly keyId: string;
  readonly signature: Buffer;
}

/** Reads the signature of an authenticated request. */
export const getSignedRequest = (cpg: Principal, http: Request): SignedRequest => ({
  keyId: cpg.keyId,
  signature: Buffer.from(http.get(SIGNATURE_HEADER) ?? '', 'hex'),
});

/** The columns of a row that keep who asked for it. */
export const toSignatureColumns = (signed: SignedRequest | undefined) => ({
  key_id: signed?.keyId ?? null,
  signature: signed?.signature ?? null,
});

/**
 * Rejects a request whose signature has already asked for a row. The admission store rejects it before, unless it has lost
 * what it remembered, as in a failover. Wire protocol §2, restriction 2.
 */
export const findReplay = async (
  db: Database,
  table: 'withdrawal' | 'deposit_request',
  signed: SignedRequest | undefined,
): Promise<Rejection | undefined> => {
  if (signed === undefined) return undefined;
  const row = await db
    .selectFrom(table)
    .select('id')
    .where('key_id', '=', signed.keyId)
    .where('signature', '=', signed.signature)
    .executeTakeFirst();
  return row === undefined ? undefined : REJECTIONS.signature_already_used;
};
