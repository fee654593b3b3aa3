import { randomUUID } from 'node:crypto';
import { REJECTIONS, type Rejection, toDecimal } from '@cpg/protocol';
import { type Database, runStatement } from '../database/open-database.ts';
import { retryConflicts } from '../database/transactions.ts';
import type { AccountCurrency } from '../ledger/currencies.ts';
import { getBlockHeight } from '../ledger/networks.ts';
import { toSignatureColumns } from '../ledger/signed-request.ts';
import {
  type CreatedWithdrawal,
  calculateWithdrawalFee,
  type NewWithdrawal,
  toWithdrawalEventData,
} from '../ledger/withdrawals.ts';
import { formatEventBody } from '../webhooks/events.ts';
import { getHashPrefix, HASH_SUBJECT } from './broadcast.ts';

// Raised by `raise_duplicate`: undoes the statement.
const DUPLICATE_STATE = 'CPG01';

/**
 * Creates a withdrawal, holds its amount and fee and broadcasts it, all in one statement: the balance is locked
 * for as short as possible, and either everything happens or nothing. The database sets the ids and the hash.
 *
 * @returns The withdrawal; the rejection when the balance is too low; or `duplicate` when its reference or signature
 *   is known.
 */
export const holdAndBroadcast = async (
  db: Database,
  input: NewWithdrawal,
  currency: AccountCurrency,
): Promise<CreatedWithdrawal | Rejection | 'duplicate'> => {
  try {
    const row = await retryConflicts(() => execute(db, input, currency));
    return row ?? REJECTIONS.insufficient_available_balance;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === DUPLICATE_STATE) return 'duplicate';
    throw error;
  }
};

const execute = async (
  db: Database,
  input: NewWithdrawal,
  currency: AccountCurrency,
): Promise<CreatedWithdrawal | undefined> => {
  const { accountId, toAddress, amount, at } = input;
  const fee = calculateWithdrawalFee(amount, currency);
  const { key_id, signature } = toSignatureColumns(input.signed);
  const event = createEventTemplate(input, currency, fee);
  const values = [
    ...[accountId, currency.currency, currency.network, toAddress, amount, fee],
    ...[toDecimal(amount).plus(fee).toFixed(), input.clientReference, key_id, signature, at],
    ...[getHashPrefix(currency.address_family), getBlockHeight(currency, at.getTime()) + 1],
    ...[event.body, event.eventId, event.withdrawalId, event.hash],
  ];
  type Row = CreatedWithdrawal & { duplicate?: unknown };
  const [row] = await runStatement<Row>(db, HOLD_AND_BROADCAST, values);
  if (row === undefined) return undefined;
  const { duplicate: _duplicate, ...withdrawal } = row;
  return { ...withdrawal, decimals: currency.decimals };
};

// $1 account, $2 currency, $3 network, $4 address, $5 amount, $6 fee, $7 both, $8 reference, $9 key, $10 signature, $11 time,
// $12 prefix of the hash, $13 block, $14 body of the event with placeholders: $15 its id, $16 of the withdrawal, $17 the hash.
const HOLD_AND_BROADCAST = `
  WITH held AS (
    UPDATE balance SET held = held + $7::numeric
    WHERE account_id = $1::text AND currency = $2::text AND network = $3::text AND balance >= held + $7::numeric
    RETURNING account_id),
  ids AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('withdrawal', 'id')) AS id,
      nextval(pg_get_serial_sequence('webhook_event', 'id')) AS event_id
    FROM held),
  made AS MATERIALIZED (
    SELECT id, event_id, $12::text ||
      encode(sha256(convert_to('${HASH_SUBJECT}withdrawal:' || id, 'UTF8')), 'hex') AS tx_hash
    FROM ids),
  inserted AS (
    INSERT INTO withdrawal (id, account_id, currency, network, to_address, amount, fee, client_reference,
      key_id, signature, status, chain_paused, tx_hash, requested_at, broadcast_at)
    OVERRIDING SYSTEM VALUE
    SELECT id, $1::text, $2::text, $3::text, $4::text, $5::numeric, $6::numeric, $8::text,
      $9::text, $10::bytea, 'broadcasted', false, tx_hash, $11::timestamptz, $11::timestamptz
    FROM made
    -- A concurrent request with the same reference or signature has waited for the balance before.
    ON CONFLICT DO NOTHING
    RETURNING *),
  entries AS (
    INSERT INTO ledger_entry (account_id, currency, network, kind, balance_delta, held_delta, withdrawal_id,
      created_at)
    SELECT account_id, currency, network, 'withdrawal_hold', 0, $7::numeric, id, $11::timestamptz FROM inserted),
  transactions AS (
    INSERT INTO chain_transaction (account_id, direction, status, currency, network, from_address, to_address,
      amount, tx_hash, block_number, created_at, withdrawal_id)
    SELECT account_id, 'withdrawal', 'broadcasted', currency, network,
      (SELECT address FROM hot_wallet WHERE account_id = $1::text AND network = $3::text),
      to_address, amount, tx_hash, $13::bigint, $11::timestamptz, id
    FROM inserted),
  events AS (
    INSERT INTO webhook_event (id, account_id, event, body, created_at)
    SELECT event_id, $1::text, 'withdrawal.broadcasted',
      replace(replace(replace($14::text, $15::text, event_id::text), $16::text, id::text), $17::text, made.tx_hash),
      $11::timestamptz
    FROM inserted JOIN made USING (id)),
  deliveries AS (
    INSERT INTO webhook_delivery (event_id, endpoint_id, status, next_attempt_at)
    SELECT event_id, e.id, 'pending', $11::timestamptz
    FROM inserted JOIN made USING (id) JOIN webhook_endpoint e ON e.account_id = $1::text
        AND (e.events IS NULL OR 'withdrawal.broadcasted' = ANY(e.events)))
  SELECT inserted.*, CASE WHEN inserted.id IS NULL THEN raise_duplicate() END AS duplicate
  FROM held LEFT JOIN inserted ON true`;

/** The body of the event with placeholders that no client can guess, since only the database knows the ids. */
const createEventTemplate = (input: NewWithdrawal, currency: AccountCurrency, fee: string) => {
  const token = (name: string) => `${name}:${randomUUID()}`;
  const [eventId, withdrawalId, hash] = [token('event'), token('withdrawal'), token('hash')];
  const data = toWithdrawalEventData(
    {
      id: withdrawalId,
      client_reference: input.clientReference,
      currency: currency.currency,
      network: currency.network,
      to_address: input.toAddress,
      amount: input.amount,
      fee,
      status: 'broadcasted',
      tx_hash: hash,
      error_message: null,
    },
    currency.decimals,
  );
  const body = formatEventBody(eventId, { event: 'withdrawal.broadcasted', at: input.at, data });
  return { body, eventId: JSON.stringify(eventId), withdrawalId: JSON.stringify(withdrawalId), hash };
};
