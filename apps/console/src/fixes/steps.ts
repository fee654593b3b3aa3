import type { FindingCode } from '@cpg/protocol/explain';

/** The steps of signing a request, in the order in which a program makes them. */
export const STEPS = [
  'secret',
  'timestamp',
  'method',
  'target',
  'body',
  'hash',
  'canonical',
  'signature',
  'send',
] as const;

export type Step = (typeof STEPS)[number];

/** How a language signs and sends a request. One more language is one more such table. */
export interface LanguageFixes {
  readonly name: string;
  /** Matches the `User-Agent` of its clients. */
  readonly userAgent: RegExp;
  /** Correct code for each step; all steps together are a program. */
  readonly steps: Readonly<Record<Step, string>>;
  /** What usually causes a mistake in this language, and what to write in its place. */
  readonly notes: Readonly<Partial<Record<FindingCode, string>>>;
}

/** Mistakes that no code of the caller corrects: settings of a proxy, and those of webhooks, which the gateway signs. */
type WithoutCode = 'proxy' | 'webhook';

/** The step of each mistake. The compiler rejects a table that lacks one. */
export const STEP_OF: Readonly<Record<FindingCode, Step | WithoutCode>> = {
  arguments_swapped: 'signature',
  plain_sha256: 'signature',
  other_hash_function: 'signature',
  message_hashed_first: 'signature',
  message_encoded_first: 'signature',
  message_lower_case: 'signature',
  signature_padded: 'signature',
  signature_prefixed: 'signature',
  signature_upper_case: 'signature',
  signature_base64: 'signature',
  signature_base64_of_hex: 'signature',
  signature_truncated: 'signature',

  body_reserialised: 'body',
  body_keys_sorted: 'body',
  body_trimmed: 'body',
  body_newline_added: 'body',
  body_line_endings_changed: 'body',
  body_charset_changed: 'body',
  body_placeholder: 'body',
  body_ignored: 'hash',
  body_not_hashed: 'hash',
  body_hash_left_out: 'canonical',
  body_hash_upper_case: 'hash',
  body_hash_not_hex: 'hash',
  body_hash_other: 'hash',

  timestamp_milliseconds_signed: 'timestamp',
  timestamp_milliseconds_sent: 'timestamp',
  timestamp_other_format: 'timestamp',
  timestamp_differs: 'send',
  timestamp_malformed: 'timestamp',
  timestamp_in_milliseconds: 'timestamp',
  timestamp_stale: 'timestamp',

  method_not_upper_case: 'method',
  method_differs: 'send',

  path_without_prefix: 'target',
  path_includes_query: 'target',
  path_is_url: 'target',
  path_slash_changed: 'target',
  path_decoded: 'target',
  path_encoded: 'target',
  path_normalised: 'target',
  path_case_changed: 'target',
  path_slashes_merged: 'target',
  path_escapes_rewritten: 'target',
  path_prefix_stripped: 'proxy',
  target_rewritten: 'proxy',
  query_question_mark_kept: 'target',
  query_sorted: 'target',
  query_reordered: 'target',
  query_spaces_rewritten: 'target',
  query_escapes_rewritten: 'target',
  query_blanks_dropped: 'target',
  query_decoded: 'target',
  query_encoded: 'target',
  query_case_changed: 'target',
  query_as_json: 'target',

  trailing_newline: 'canonical',
  separator_escaped: 'canonical',
  separator_crlf: 'canonical',
  separator_missing: 'canonical',
  separator_other: 'canonical',
  timestamp_left_out: 'canonical',
  method_left_out: 'canonical',
  path_left_out: 'canonical',
  query_left_out: 'canonical',
  webhook_recipe_for_request: 'canonical',
  key_id_included: 'canonical',
  host_included: 'canonical',
  fields_reordered: 'canonical',
  body_only: 'canonical',
  dotted_recipe: 'canonical',
  concatenated_recipe: 'canonical',
  body_hashed: 'webhook',
  request_recipe_for_webhook: 'webhook',

  key_with_newline: 'secret',
  key_with_spaces: 'secret',
  key_quoted: 'secret',
  key_trimmed: 'secret',
  key_hex_decoded: 'secret',
  key_base64_decoded: 'secret',
  key_encoded: 'secret',
  key_hashed: 'secret',
  key_prefix_dropped: 'secret',
  key_case_changed: 'secret',
  key_charset_changed: 'secret',
  key_missing: 'secret',
  key_id_as_key: 'secret',
};
