import { REJECTIONS, type Rejection } from '@cpg/protocol';
import { RejectionError } from './rejection-error.ts';

// What Express's own parsers and router throw, by their `type` or `status`.
const PARSER_ERRORS: Readonly<Record<string, Rejection>> = {
  'entity.parse.failed': REJECTIONS.malformed_json_body,
  'entity.too.large': REJECTIONS.body_too_large,
  'encoding.unsupported': REJECTIONS.content_encoding_not_supported,
  'request.aborted': REJECTIONS.incomplete_body,
};

/**
 * The rejection that answers a thrown value: its own for a `RejectionError`; 503 for an error whose `status` is 503; what
 * Express's parsers and router throw by kind; 500 for all else, without a word of it.
 */
export const rejectionOf = (error: unknown): Rejection => {
  if (RejectionError.is(error)) return error.rejection;
  const { status, type } = Object(error) as { readonly status?: unknown; readonly type?: unknown };
  if (status === 503) return REJECTIONS.service_unavailable;
  if (error instanceof URIError) return REJECTIONS.malformed_request_target;
  return PARSER_ERRORS[String(type)] ?? REJECTIONS.internal_server_error;
};
