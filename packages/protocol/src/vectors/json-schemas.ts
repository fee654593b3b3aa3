import { z } from 'zod';
import { signingVectorFile } from './signing-vector.ts';
import { verificationVectorFile } from './verification-vector.ts';
import { webhookVectorFile } from './webhook-vector.ts';

/** The three vector files by name, each with the schema of its content. */
export const VECTOR_FILES = Object.freeze({
  'request-signing': signingVectorFile,
  'request-verification': verificationVectorFile,
  webhooks: webhookVectorFile,
});

/** The JSON Schema (2020-12) that is published beside a vector file, as text. */
export const vectorFileJsonSchema = (name: keyof typeof VECTOR_FILES): string =>
  `${JSON.stringify({ title: `CPG ${name} vectors`, ...z.toJSONSchema(VECTOR_FILES[name]) }, null, 2)}\n`;
