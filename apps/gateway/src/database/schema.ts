import type { AccountTables } from './tables/account-tables.ts';
import type { ChainTransactionTable } from './tables/chain-transaction-table.ts';
import type { CurrencyTable, NetworkTable } from './tables/currency-tables.ts';
import type { DepositAddressTable, DepositRequestTable } from './tables/deposit-tables.ts';
import type { BalanceTable, LedgerEntryTable } from './tables/ledger-tables.ts';
import type {
  WebhookAttemptTable,
  WebhookDeliveryTable,
  WebhookEndpointTable,
  WebhookEventTable,
} from './tables/webhook-tables.ts';
import type { WithdrawalTable } from './tables/withdrawal-table.ts';

/** Every table of the gateway. */
export interface Schema extends AccountTables {
  balance: BalanceTable;
  chain_transaction: ChainTransactionTable;
  currency: CurrencyTable;
  deposit_address: DepositAddressTable;
  deposit_request: DepositRequestTable;
  ledger_entry: LedgerEntryTable;
  network: NetworkTable;
  webhook_attempt: WebhookAttemptTable;
  webhook_delivery: WebhookDeliveryTable;
  webhook_endpoint: WebhookEndpointTable;
  webhook_event: WebhookEventTable;
  withdrawal: WithdrawalTable;
}
