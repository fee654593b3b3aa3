import type { ServerParts } from '../reference/server-parts.ts';
import { ADDRESS_MUTANTS } from './address-mutants.ts';
import { BLACK_BOX_MUTANTS } from './black-box-mutants.ts';
import { CONTENT_MUTANTS, FILTER_MUTANTS, SYNTAX_MUTANTS } from './content-mutants.ts';
import { CREDENTIAL_MUTANTS, ODD_SECRET_MUTANTS } from './credential-mutants.ts';
import { DEPOSIT_MUTANTS } from './deposit-mutants.ts';
import { HEADER_MUTANTS } from './header-mutants.ts';
import { CONNECTION_MUTANTS, ENVELOPE_MUTANTS, PARSER_MUTANTS } from './http-mutants.ts';
import { KEY_MUTANTS, PERMISSION_MUTANTS } from './key-mutants.ts';
import { BALANCE_MUTANTS, WITHDRAWAL_MUTANTS } from './ledger-mutants.ts';
import { MONEY_MUTANTS, SETTLEMENT_MUTANTS } from './money-mutants.ts';
import type { Mutant } from './mutant.ts';
import { ORDER_MUTANTS } from './order-mutants.ts';
import { OVERRIDE_MUTANTS } from './override-mutants.ts';
import { RATE_MUTANTS } from './rate-mutants.ts';
import { REPLAY_BOUND_MUTANTS, REPLAY_MUTANTS } from './replay-mutants.ts';
import { COMPARE_MUTANTS, SERVER_SIGNING_MUTANTS } from './server-signature-mutants.ts';
import { PEER_MUTANTS, STORE_MUTANTS } from './store-mutants.ts';
import { BODY_MUTANTS, TARGET_MUTANTS } from './target-mutants.ts';
import { TIMESTAMP_MUTANTS } from './timestamp-mutants.ts';
import { TRANSACTION_MUTANTS } from './transaction-mutants.ts';
import { WITHDRAWAL_TEXT_MUTANTS } from './withdrawal-text-mutants.ts';

/** Mutants of a server. */
export const SERVER_MUTANTS: readonly Mutant<ServerParts>[] = [
  SERVER_SIGNING_MUTANTS,
  COMPARE_MUTANTS,
  TIMESTAMP_MUTANTS,
  HEADER_MUTANTS,
  KEY_MUTANTS,
  CREDENTIAL_MUTANTS,
  OVERRIDE_MUTANTS,
  ODD_SECRET_MUTANTS,
  TARGET_MUTANTS,
  BODY_MUTANTS,
  ORDER_MUTANTS,
  REPLAY_MUTANTS,
  REPLAY_BOUND_MUTANTS,
  RATE_MUTANTS,
  BLACK_BOX_MUTANTS,
  ADDRESS_MUTANTS,
  PERMISSION_MUTANTS,
  ENVELOPE_MUTANTS,
  PARSER_MUTANTS,
  CONNECTION_MUTANTS,
  STORE_MUTANTS,
  PEER_MUTANTS,
  BALANCE_MUTANTS,
  FILTER_MUTANTS,
  CONTENT_MUTANTS,
  SYNTAX_MUTANTS,
  WITHDRAWAL_MUTANTS,
  MONEY_MUTANTS,
  WITHDRAWAL_TEXT_MUTANTS,
  SETTLEMENT_MUTANTS,
  TRANSACTION_MUTANTS,
  DEPOSIT_MUTANTS,
].flat();
