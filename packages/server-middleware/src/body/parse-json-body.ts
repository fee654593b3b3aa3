import { isUtf8 } from 'node:buffer';
import { REJECTIONS, type Rejection } from '@cpg/protocol';

/**
 * Parses body bytes as JSON in strict UTF-8, whatever the content type says: that header is not signed. No bytes are no
 * body: `undefined`. Contract §3 (400).
 */
export const parseJsonBody = (body: Buffer): { readonly value: unknown } | Rejection => {
  if (body.length === 0) return { value: undefined };
  if (!isUtf8(body)) return REJECTIONS.malformed_json_body;
  try {
    return { value: JSON.parse(body.toString('utf8')) };
  } catch {
    return REJECTIONS.malformed_json_body;
  }
};
