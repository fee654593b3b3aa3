export {
  type Balance,
  type Currency,
  Decimal,
  type DepositAddress,
  type DepositRequest,
  endpoints,
  type HotWallet,
  isKnownWebhookEvent,
  type Transaction,
  toDecimal,
  type UnknownWebhookEvent,
  type WebhookEvent,
  type Withdrawal,
} from '@cpg/protocol';
export type { CallOptions } from './call/call-options.ts';
export { CpgCall, type ResponseInfo, type WithResponse } from './call/cpg-call.ts';
export { type Page, PagedCall } from './call/paged-call.ts';
export type { PollOptions } from './call/poll.ts';
export type { CpgClientOptions, Credentials } from './client-options.ts';
export { CpgClient } from './cpg-client.ts';
export { CpgError } from './errors/cpg-error.ts';
export { CPG_ERROR_CODES, type CpgErrorCode } from './errors/error-codes.ts';
export { OutcomeUnknownError } from './errors/outcome-unknown-error.ts';
export { ResponseValidationError } from './errors/response-validation-error.ts';
export type { Hooks, RequestEvent, ResponseEvent, RetryEvent } from './hooks.ts';
export type { OwnClientCredentials } from './own-client/own-client-signer.ts';
export { signAxios } from './own-client/sign-axios.ts';
export { signFetch } from './own-client/sign-fetch.ts';
export type { CreateDepositAddressResult } from './resources/deposit-addresses.ts';
export type { WaitForDepositOptions } from './resources/deposit-requests.ts';
export type { CreateWithdrawalResult } from './resources/withdrawals.ts';
export { sumAvailable } from './sum-available.ts';
export type { Time } from './time.ts';
export type { WebhookHeaders, WebhookToVerify } from './webhooks/verify-webhook.ts';
export { type InboxState, memoryInbox, type WebhookInbox } from './webhooks/webhook-inbox.ts';
export type { WebhookHandler, WebhookReceiverOptions } from './webhooks/webhook-receiver.ts';
export { webhooks } from './webhooks/webhooks.ts';
