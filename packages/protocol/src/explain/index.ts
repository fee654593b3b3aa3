export type { FindingCode } from './catalogue.ts';
export {
  explainMismatch,
  explainWebhookMismatch,
  type MismatchToExplain,
  type ReceivedRequest,
  type ReceivedWebhook,
  type WebhookMismatchToExplain,
} from './explain-mismatch.ts';
export type { Finding } from './find-mistakes.ts';
