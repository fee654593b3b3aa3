export { type ExplainVector, explainVector, explainVectorFile } from './explain-vector.ts';
export { VECTOR_FILES, vectorFileJsonSchema } from './json-schemas.ts';
export { type SigningVector, signingVector, signingVectorFile } from './signing-vector.ts';
export { type VectorBody, vectorBodyBytes } from './vector-body.ts';
export {
  type VerificationVector,
  verificationVector,
  verificationVectorFile,
} from './verification-vector.ts';
export { type WebhookVector, webhookVector, webhookVectorFile } from './webhook-vector.ts';
