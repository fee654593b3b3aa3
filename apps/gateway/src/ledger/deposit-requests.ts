import {
  type DepositTransaction,
  REJECTIONS,
  type Rejection,
  toDecimal,
  upperCaseAscii,
} from '@cpg/protocol';
import { type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import { type DepositAddressTable, isDatabaseId, type Schema } from '../database/schema.ts';
import { rollbackOnRejection } from '../database/transactions.ts';
import { formatOptionalTime, formatTime } from '../time.ts';
import { createRandomAddress } from './addresses.ts';
import { type AccountCurrency, findCurrency } from './currencies.ts';
import type { LedgerServices } from './networks.ts';
import { getBlockHeights, getInclusion } from './networks.ts';
import { findReplay, type SignedRequest, toSignatureColumns } from './signed-request.ts';

/** Selects deposit requests with their address and currency. */
export const selectDepositRequests = (db: Database) =>
  db
    .selectFrom('deposit_request')
    .innerJoin('deposit_address', 'deposit_address.id', 'deposit_request.address_id')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'deposit_address.currency')
        .onRef('currency.network', '=', 'deposit_address.network'),
    )
    .select([
      'deposit_request.id',
      'deposit_request.display_expires_at',
      'deposit_request.created_at',
      'address',
      'user_identifier',
      'currency.currency',
      'currency.network',
      'contract_address',
      'decimals',
    ]);

export type DepositRequestRow = Awaited<
  ReturnType<ReturnType<typeof selectDepositRequests>['executeTakeFirstOrThrow']>
>;

/** Finds a deposit request of this account; `undefined` for one of another account. Wire protocol §4. */
export const findDepositRequest = async (
  db: Database,
  accountId: string,
  id: string,
): Promise<DepositRequestRow | undefined> =>
  isDatabaseId(id)
    ? selectDepositRequests(db)
        .where('deposit_request.account_id', '=', accountId)
        .where('deposit_request.id', '=', sql<number>`${id}::bigint`)
        .executeTakeFirst()
    : undefined;

export interface NewDepositRequest {
  readonly accountId: string;
  readonly currency: string;
  readonly network: string;
  readonly userIdentifier: string | null;
  readonly idempotencyKey: string | null;
  /** The request that asks for it. */
  readonly signed?: SignedRequest;
  readonly at: Date;
}

const DISPLAY_MS = 3 * 3_600_000;
// A payment that arrives a day late still counts for the request it was meant for.
const RECYCLE_AFTER_MS = DISPLAY_MS + 24 * 3_600_000;

/**
 * Creates a deposit request with a deposit address. A known `idempotency_key` returns the existing request,
 * or a conflict when the parameters differ. The signature of a deposit request is rejected as a replay, also
 * when the admission store has forgotten it. Wire protocol §4.3.
 */
export const createDepositRequest = async (
  db: Database,
  input: NewDepositRequest,
): Promise<DepositRequestRow | Rejection> => {
  const existing = await findByIdempotencyKey(db, input);
  if (existing !== undefined) {
    return (await findReplay(db, 'deposit_request', input.signed)) ?? returnExisting(existing, input);
  }
  const currency = await findCurrency(db, input);
  if (!currency?.deposit_enabled) return REJECTIONS.deposits_not_enabled;
  const id = await insertRequest(db, input, currency);
  if (typeof id === 'number') {
    return selectDepositRequests(db).where('deposit_request.id', '=', id).executeTakeFirstOrThrow();
  }
  const replay = await findReplay(db, 'deposit_request', input.signed);
  if (replay !== undefined) return replay;
  const concurrent = await findByIdempotencyKey(db, input);
  return concurrent === undefined ? id : returnExisting(concurrent, input);
};

const findByIdempotencyKey = async (db: Database, input: NewDepositRequest) =>
  input.idempotencyKey === null
    ? undefined
    : selectDepositRequests(db)
        .where('deposit_request.account_id', '=', input.accountId)
        .where('idempotency_key', '=', input.idempotencyKey)
        .executeTakeFirst();

const returnExisting = (
  existing: DepositRequestRow,
  input: NewDepositRequest,
): DepositRequestRow | Rejection => {
  const isSame =
    existing.currency === upperCaseAscii(input.currency) &&
    existing.network === upperCaseAscii(input.network) &&
    existing.user_identifier === input.userIdentifier;
  return isSame ? existing : REJECTIONS.idempotency_key_conflict;
};

const insertRequest = (db: Database, input: NewDepositRequest, currency: AccountCurrency) =>
  rollbackOnRejection<number>(db, async (transaction) => {
    const address = await assignDepositAddress(transaction, {
      accountId: input.accountId,
      currency,
      userIdentifier: input.userIdentifier,
      at: input.at,
      freeAt: new Date(input.at.getTime() + RECYCLE_AFTER_MS),
    });
    const row = await transaction
      .insertInto('deposit_request')
      .values({
        account_id: input.accountId,
        address_id: address.id,
        idempotency_key: input.idempotencyKey,
        ...toSignatureColumns(input.signed),
        display_expires_at: new Date(input.at.getTime() + DISPLAY_MS),
        created_at: input.at,
      })
      // A concurrent request with the same key or signature waits here for the first to commit, then rolls
      // back its address.
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    return row?.id ?? REJECTIONS.service_unavailable;
  });

export type DepositAddressRow = Selectable<DepositAddressTable>;

export interface AddressRequest {
  readonly accountId: string;
  readonly currency: AccountCurrency;
  readonly userIdentifier: string | null;
  readonly at: Date;
  /** When another request may reuse a recyclable address. */
  readonly freeAt: Date;
}

/**
 * Returns the user's sticky address, or a recyclable address that no request still needs. Wire protocol §4.3.
 */
export const assignDepositAddress = async (
  transaction: Transaction<Schema>,
  input: AddressRequest,
): Promise<DepositAddressRow> =>
  (input.userIdentifier === null
    ? await recycle(transaction, input)
    : await findSticky(transaction, input)) ?? (await allocate(transaction, input));

const selectAddresses = (transaction: Transaction<Schema>, { accountId, currency }: AddressRequest) =>
  transaction
    .selectFrom('deposit_address')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('currency', '=', currency.currency)
    .where('network', '=', currency.network);

const findSticky = (transaction: Transaction<Schema>, input: AddressRequest) =>
  selectAddresses(transaction, input).where('user_identifier', '=', input.userIdentifier).executeTakeFirst();

const recycle = async (transaction: Transaction<Schema>, input: AddressRequest) => {
  const free = await selectAddresses(transaction, input)
    .where('free_at', '<=', input.at)
    .orderBy('free_at')
    .limit(1)
    .forUpdate()
    // A concurrent request takes the next free address.
    .skipLocked()
    .executeTakeFirst();
  if (free === undefined) return undefined;
  await transaction
    .updateTable('deposit_address')
    .set({ free_at: input.freeAt })
    .where('id', '=', free.id)
    .execute();
  return free;
};

const allocate = async (
  transaction: Transaction<Schema>,
  input: AddressRequest,
): Promise<DepositAddressRow> => {
  const { accountId, currency, userIdentifier } = input;
  const allocated = await transaction
    .insertInto('deposit_address')
    .values({
      account_id: accountId,
      currency: currency.currency,
      network: currency.network,
      address: createRandomAddress(currency.address_family),
      user_identifier: userIdentifier,
      free_at: userIdentifier === null ? input.freeAt : null,
    })
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'currency', 'network', 'user_identifier']).doNothing(),
    )
    .returningAll()
    .executeTakeFirst();
  // A concurrent request has allocated the user's address.
  return (
    allocated ??
    (await selectAddresses(transaction, input)
      .where('user_identifier', '=', userIdentifier)
      .executeTakeFirstOrThrow())
  );
};

// Bounds the response: an address may be paid any number of times.
const MAX_TRANSACTIONS = 100;

/** Lists the newest 100 payments to a deposit request, oldest first. Wire protocol §4.3. */
export const listDepositTransactions = async (
  { db, clock }: LedgerServices,
  request: DepositRequestRow,
): Promise<DepositTransaction[]> => {
  const rows = await db
    .selectFrom('chain_transaction')
    .selectAll()
    .where('deposit_request_id', '=', request.id)
    .orderBy('id', 'desc')
    .limit(MAX_TRANSACTIONS)
    .execute();
  const height = (await getBlockHeights(db, clock.now())).get(request.network) ?? 0;
  return rows.toReversed().map((row) => ({
    tx_hash: row.tx_hash,
    amount_decimal: toDecimal(row.amount).toFixed(request.decimals),
    status: row.status,
    ...getInclusion(row.block_number, height),
    detected_at: formatTime(row.created_at),
    confirmed_at: formatOptionalTime(row.confirmed_at),
  }));
};
