import { z } from 'zod';
import { wrongType } from '../arguments.ts';
import { explainVectorFile } from './explain-vector.ts';
import { signingVectorFile } from './signing-vector.ts';
import { verificationVectorFile } from './verification-vector.ts';
import { webhookVectorFile } from './webhook-vector.ts';

/** The vector files that implementations are judged by: name and schema of the content. */
export const VECTOR_FILES = Object.freeze({
  'request-signing': signingVectorFile,
  'request-verification': verificationVectorFile,
  webhooks: webhookVectorFile,
});

const ALL_FILES = { ...VECTOR_FILES, 'explain-mismatch': explainVectorFile };

/**
 * The JSON Schema (2020-12) that is published beside a vector file, as text.
 *
 * @throws ProtocolError `invalid_field` for a name that is not a vector file's.
 */
export const vectorFileJsonSchema = (name: keyof typeof ALL_FILES): string => {
  if (typeof name !== 'string' || !Object.hasOwn(ALL_FILES, name)) {
    throw wrongType('name', name, { expected: `one of ${Object.keys(ALL_FILES).join(', ')}` });
  }
  return `${JSON.stringify({ title: `CPG ${name} vectors`, ...z.toJSONSchema(ALL_FILES[name]) }, null, 2)}\n`;
};
