export {
  type ExplainVector,
  explainVector,
  explainVectorFile,
  type SigningVector,
  signingVector,
  signingVectorFile,
  VECTOR_FILES,
  type VerificationVector,
  vectorFileJsonSchema,
  verificationVector,
  verificationVectorFile,
  type WebhookVector,
  webhookVector,
  webhookVectorFile,
} from './vector-files.ts';
export { type VectorBody, vectorBodyBytes } from './vector-parts.ts';
