export { Decimal, toDecimal } from './decimal.ts';
export { DECIMAL_STRING, isDecimalString } from './decimal-string.ts';
export { type ErrorPage, getErrorUrl, setDocumentationUrl } from './documentation.ts';
export type { CreateDepositAddressBody, DepositAddress } from './endpoints/create-deposit-address.ts';
export {
  type CreatedWithdrawal,
  type CreateWithdrawalBody,
  WITHDRAWAL_STATUSES,
  type WithdrawalStatus,
} from './endpoints/create-withdrawal.ts';
export {
  type BodyOf,
  createPathMatcher,
  type DataOf,
  defineEndpoint,
  type Endpoint,
  isPathTemplate,
  NO_PARAMETERS,
  type PathParametersOf,
  type QueryOf,
  type ResponseOf,
  type ValidatedRequest,
} from './endpoints/endpoint.ts';
export {
  DEPOSIT_REQUEST_STATUSES,
  DEPOSIT_TRANSACTION_STATUSES,
  type DepositRequest,
  type DepositTransaction,
} from './endpoints/get-deposit-request.ts';
export type { GetHotWalletQuery, HotWallet } from './endpoints/get-hot-wallet.ts';
export type { Withdrawal } from './endpoints/get-withdrawal.ts';
export * as endpoints from './endpoints/index.ts';
export type { Balance, ListBalancesQuery } from './endpoints/list-balances.ts';
export type { Currency } from './endpoints/list-currencies.ts';
export {
  DEFAULT_PAGE_SIZE,
  type ListTransactionsQuery,
  TRANSACTION_DIRECTIONS,
  type Transaction,
  type TransactionDirection,
  type ValidatedListTransactionsQuery,
} from './endpoints/list-transactions.ts';
export type { Pong } from './endpoints/ping.ts';
export type { ObjectSchema, ParseResult, Schema } from './endpoints/schema.ts';
export type { OpenEnum } from './endpoints/schemas.ts';
export { type UnvalidatedRequest, validateRequest, validateResponse } from './endpoints/validate-request.ts';
export {
  type CollectionEnvelope,
  ENVELOPE_CONTENT_TYPE,
  type EnvelopeOf,
  type ErrorEnvelope,
  errorEnvelope,
  getUnlistedField,
  type PageEnvelope,
  type SuccessEnvelope,
  successEnvelope,
} from './envelope.ts';
export { upperCaseAscii } from './letter-case.ts';
export {
  type AnyPermission,
  findPermissionMistake,
  type OwnPermission,
  PERMISSIONS,
  type Permission,
} from './permissions.ts';
export { PROTOCOL_ERROR_CODES, ProtocolError, type ProtocolErrorCode } from './protocol-error.ts';
export {
  isRejection,
  missingPermission,
  REJECTIONS,
  type Rejection,
  type RejectionCode,
  validationFailed,
} from './rejections.ts';
export {
  bodySha256,
  type CanonicalFields,
  canonicalString,
  EMPTY_BODY_SHA256,
} from './signing/canonical-string.ts';
export {
  AUTHENTICATION_HEADERS,
  type AuthenticationHeaders,
  DELIVERY_HEADER,
  EVENT_HEADER,
  type HeaderPairs,
  headerValues,
  isKeyId,
  KEY_HEADER,
  type ReceivedHeaders,
  readAuthenticationHeaders,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from './signing/headers.ts';
export {
  encodeComponent,
  encodeQuery,
  formatRequestTarget,
  parseRequestTarget,
  type QueryValue,
  type RequestTarget,
} from './signing/request-target.ts';
export { type RequestToSign, type SignedRequest, signRequest } from './signing/sign-request.ts';
export { isSignature, sign, verify } from './signing/signature.ts';
export { createSigningKey, type SigningKey } from './signing/signing-key.ts';
export {
  checkTimestamp,
  formatTimestamp,
  isWithinWindow,
  parseTimestamp,
  usedUntil,
  WINDOW_SECONDS,
} from './signing/timestamp.ts';
export {
  checkContentEncoding,
  checkSignature,
  MAX_SIGNING_KEYS,
  type RequestToVerify,
  type SignatureToCheck,
  type VerifiedRequest,
  verifyRequest,
} from './signing/verify-request.ts';
export type { DepositEventData, WithdrawalEventData } from './webhooks/events.ts';
export {
  isKnownWebhookEvent,
  parseWebhookEvent,
  type UnknownWebhookEvent,
  WEBHOOK_EVENTS,
  type WebhookEnvelope,
  type WebhookEvent,
  type WebhookEventName,
  type WebhookEventOf,
} from './webhooks/events.ts';
export { type SignedWebhook, signWebhook, type WebhookToSign } from './webhooks/sign.ts';
export {
  type ReceivedHeader,
  type VerifiedWebhook,
  verifyWebhook,
  type WebhookToVerify,
} from './webhooks/verify.ts';
