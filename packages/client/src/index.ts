export {
  type Balance,
  type CollectionEnvelope,
  type CreateDepositAddressBody,
  type CreatedWithdrawal,
  type CreateWithdrawalBody,
  type Currency,
  Decimal,
  type DepositAddress,
  type DepositEventData,
  type DepositRequest,
  type DepositTransaction,
  endpoints,
  type GetHotWalletQuery,
  getUnlistedField,
  type HotWallet,
  isKnownWebhookEvent,
  type ListBalancesQuery,
  type ListTransactionsQuery,
  type PageEnvelope,
  type Pong,
  type SuccessEnvelope,
  setDocumentationUrl,
  type Transaction,
  type TransactionDirection,
  toDecimal,
  type UnknownWebhookEvent,
  type WebhookEvent,
  type Withdrawal,
  type WithdrawalEventData,
  type WithdrawalStatus,
} from '@cpg/protocol';
export type { SigningCredentials } from './adapters/adapter-signer.ts';
export { signAxios } from './adapters/sign-axios.ts';
export { signFetch } from './adapters/sign-fetch.ts';
export type { CallOptions } from './call/call-scope.ts';
export type { PollOptions, RequestOptions } from './call/caller.ts';
export type { ClientSettings } from './call/context.ts';
export {
  CpgCall,
  type Page,
  PagedCall,
  type ResponseInfo,
  type ToArrayOptions,
  type WithResponse,
} from './call/cpg-call.ts';
export type { AppInfo } from './call/headers.ts';
export type {
  Hooks,
  Logger,
  LogLevel,
  LogOptions,
  NoResponseEvent,
  RequestEvent,
  ResponseEvent,
  RetryEvent,
} from './call/observer.ts';
export { CpgClient, type CpgClientOptions } from './client.ts';
export {
  AbortedError,
  AuthenticationError,
  BadRequestError,
  CallbackError,
  ClockSkewError,
  ConfigurationError,
  ConflictError,
  ConnectionError,
  CPG_ERROR_CODES,
  CpgError,
  type CpgErrorCode,
  InvalidRequestError,
  NotFoundError,
  OutcomeUnknownError,
  PermissionDeniedError,
  RateLimitError,
  ReplayedError,
  ResponseValidationError,
  ServerError,
  TimeoutError,
  UnexpectedStatusError,
  ValidationError,
  WebhookError,
} from './errors.ts';
export { sumAvailable } from './resources/account.ts';
export type { CreateDepositAddressResult, WaitForDepositOptions } from './resources/deposits.ts';
export type { CreateWithdrawalResult } from './resources/withdrawals.ts';
export type { Credentials, UniqueReads } from './signing/request-signer.ts';
export type { Time } from './time.ts';
export { axiosTransport, type ConnectionOptions } from './transport/axios-transport.ts';
export { type FetchTransportOptions, fetchTransport } from './transport/fetch-transport.ts';
export type { Transport, TransportRequest, TransportResponse } from './transport/transport.ts';
export type { Dispatcher } from './transport/undici-transport.ts';
export type { FastifyReplyLike, FastifyRequestLike, WebhookHandler } from './webhooks/exchange.ts';
export {
  type ClaimResult,
  type MemoryInboxOptions,
  memoryInbox,
  type WebhookClaim,
  type WebhookInbox,
} from './webhooks/inbox.ts';
export type { WebhookHeaders, WebhookToVerify } from './webhooks/verify-webhook.ts';
export {
  type WebhookDelivery,
  type WebhookReceiverOptions,
  webhooks,
} from './webhooks/webhook-receiver.ts';
