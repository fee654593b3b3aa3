export { bodySha256, EMPTY_BODY_SHA256 } from './body-hash.ts';
export { type CanonicalFields, canonicalString } from './canonical-string.ts';
export { DECIMAL_STRING, Decimal, isDecimalString, toDecimal } from './decimal-string.ts';
export {
  type BodyOf,
  type DataOf,
  defineEndpoint,
  type Endpoint,
  type PathParametersOf,
  type QueryOf,
  type ResponseOf,
  type ValidatedRequest,
} from './endpoint.ts';
export type { DepositAddress } from './endpoints/create-deposit-address.ts';
export { type CreatedWithdrawal, WITHDRAWAL_STATUSES } from './endpoints/create-withdrawal.ts';
export {
  DEPOSIT_REQUEST_STATUSES,
  DEPOSIT_TRANSACTION_STATUSES,
  type DepositRequest,
  type DepositTransaction,
} from './endpoints/get-deposit-request.ts';
export type { HotWallet } from './endpoints/get-hot-wallet.ts';
export type { Withdrawal } from './endpoints/get-withdrawal.ts';
export * as endpoints from './endpoints/index.ts';
export type { Balance } from './endpoints/list-balances.ts';
export type { Currency } from './endpoints/list-currencies.ts';
export {
  DEFAULT_PAGE_SIZE,
  TRANSACTION_DIRECTIONS,
  type Transaction,
} from './endpoints/list-transactions.ts';
export {
  ENVELOPE_CONTENT_TYPE,
  type ErrorEnvelope,
  errorEnvelope,
  type SuccessEnvelope,
  successEnvelope,
} from './envelope.ts';
export {
  explainMismatch,
  explainWebhookMismatch,
  type MismatchToExplain,
  type ReceivedRequest,
  type ReceivedWebhook,
  type WebhookMismatchToExplain,
} from './explain/explain-mismatch.ts';
export type { Finding } from './explain/mistake.ts';
export type { FindingCode } from './explain/mistakes.ts';
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
} from './headers.ts';
export { PERMISSIONS, type Permission } from './permission.ts';
export { PROTOCOL_ERROR_CODES, ProtocolError, type ProtocolErrorCode } from './protocol-error.ts';
export { encodeComponent, encodeQuery, type QueryValue } from './query-string.ts';
export {
  isRejection,
  missingPermission,
  REJECTIONS,
  type Rejection,
  type RejectionCode,
  validationFailed,
} from './rejection.ts';
export { parseRequestTarget, printRequestTarget, type RequestTarget } from './request-target.ts';
export type { OpenEnum } from './schemas/open-enum.ts';
export { type RequestToSign, type SignedRequest, signRequest } from './sign-request.ts';
export { type SignedWebhook, signWebhook, type WebhookToSign } from './sign-webhook.ts';
export { isSignature, sign, verify } from './signature.ts';
export { createSigningKey, type SigningKey } from './signing-key.ts';
export {
  checkTimestamp,
  formatTimestamp,
  isWithinWindow,
  parseTimestamp,
  usedUntil,
  WINDOW_SECONDS,
} from './timestamp.ts';
export { type UnvalidatedRequest, validateRequest } from './validate-request.ts';
export {
  checkContentEncoding,
  checkSignature,
  MAX_SIGNING_KEYS,
  type RequestToVerify,
  type SignatureToCheck,
  type VerifiedRequest,
  verifyRequest,
} from './verify-request.ts';
export {
  type ReceivedHeader,
  type VerifiedWebhook,
  verifyWebhook,
  type WebhookToVerify,
} from './verify-webhook.ts';
export type { DepositEventData } from './webhooks/deposit-event.ts';
export { parseWebhookEvent } from './webhooks/parse-webhook-event.ts';
export {
  isKnownWebhookEvent,
  type UnknownWebhookEvent,
  WEBHOOK_EVENTS,
  type WebhookEvent,
  type WebhookEventName,
  type WebhookEventOf,
} from './webhooks/webhook-event.ts';
export type { WithdrawalEventData } from './webhooks/withdrawal-event.ts';
