import type { CpgErrorCode } from '@cpg/client';
import type { ProtocolErrorCode, RejectionCode } from '@cpg/protocol';

/** What to do about each wire message, in Markdown. The compiler rejects a missing or unknown code. */
export const WIRE_ADVICE: Readonly<Record<RejectionCode, string>> = {
  malformed_request_target:
    'The target must begin with exactly one `/` and consist of visible ASCII characters other than `#` and `\\`. Encode everything else with percent signs before you sign. Wire protocol §1.2.',
  malformed_json_body:
    'The body is not JSON, is not UTF-8, or has a key twice. Build it with a JSON library, then sign those bytes.',
  missing_authentication_headers:
    'Send `X-CPG-Key`, `X-CPG-Timestamp` and `X-CPG-Signature`, none of them empty. A proxy may drop unknown headers: compare what you send with what arrives.',
  malformed_authentication_headers:
    'A header was sent twice, or the key id has other characters than letters, digits, `_`, `.` and `-`. Wire protocol §1.1.',
  timestamp_outside_window:
    'The timestamp is more than 300 seconds from the server’s clock, or is not a plain number of seconds: milliseconds are a common mistake. Synchronise the clock, and make a new timestamp for every attempt. See [clock](site:guides/clock.html).',
  invalid_signature:
    'Unknown or revoked key, wrong secret, or different bytes: the response is the same for all of them. Put the request into the [signature debugger](site:debugger.html), which names the mistake.',
  signature_already_used:
    'Two requests had the same timestamp, method, target and body. Make a new timestamp for every attempt; for identical reads within one second, add a query parameter such as `_=1`. See [rate limits and replay](site:guides/limits.html).',
  source_ip_not_whitelisted:
    'The key is restricted to addresses, and the request came from another one. Check the egress address of your network, and the proxies that the server trusts.',
  missing_permission: 'The message names the permission. Have it added to the key, or use a key that has it.',
  not_found: 'No such path, or the id belongs to another account or does not exist.',
  network_not_found:
    'Read the names of networks from [List currencies](site:reference/list-currencies.html).',
  hot_wallet_not_allocated: 'Enable a currency of this network for the account first.',
  method_not_allowed: 'The header `Allow` lists the methods of this path.',
  incomplete_body:
    'The connection ended or stalled before the declared body had arrived. Send the request again.',
  client_reference_conflict:
    'The reference belongs to another withdrawal, with other parameters. A new payout needs a new reference; a retry must repeat every parameter.',
  idempotency_key_conflict:
    'The key belongs to a call with other parameters. A new call needs a new key; a retry must repeat every parameter.',
  body_too_large: 'At most 1 MiB, or the lower limit of the key.',
  content_encoding_not_supported: 'Send the body uncompressed: the signature covers the bytes on the wire.',
  validation_failed:
    'The message is `field: reason; field: reason`, for example `amount: Input should be greater than 0`. Fix the fields it names.',
  rate_limit_exceeded:
    'The limit of the key. There is no `Retry-After`: the next minute of Unix time begins at `now − now % 60 + 60`. See [rate limits](site:guides/limits.html).',
  too_many_requests_from_ip: 'The limit of your IP address. Wait for `Retry-After` seconds.',
  insufficient_available_balance:
    'Amount and fee exceed `available`. Read [List balances](site:reference/list-balances.html), or send funds to the [hot wallet](site:reference/get-hot-wallet.html).',
  withdrawals_not_enabled: 'Withdrawals of this currency are off for the account: see `withdrawal_enabled`.',
  deposits_not_enabled: 'Deposits of this currency are off for the account: see `deposit_enabled`.',
  amount_below_minimum: 'See `min_withdrawal_amount` of the currency.',
  invalid_destination_address:
    'The address does not belong to this network, or its checksum is wrong. Nothing was held.',
  internal_server_error:
    'A failure of the server. Retry reads; retry a withdrawal with the same `client_reference` only. Report the `X-Request-Id`.',
  service_unavailable:
    'A store or the database is down; nothing was done. Retry after `Retry-After` seconds.',
};

/** What to do about each error of @cpg/client. */
export const CLIENT_ADVICE: Readonly<Record<CpgErrorCode, string>> = {
  invalid_configuration: 'The message names the option and what was expected. Fix it at start-up.',
  callback_failed: 'Look at `cause`: your own function threw, or returned a value of the wrong type.',
  invalid_request: 'The message names the argument. Nothing was sent, so nothing has to be checked.',
  bad_request: 'Decide by `rejection`, for example `insufficient_available_balance`. A retry does not help.',
  authentication_failed:
    'Check key id and secret, then run `npx cpg explain` or the [signature debugger](site:debugger.html).',
  replayed: 'Give each process a key of its own, and check that no proxy repeats requests.',
  clock_skew: 'Synchronise the clock of the machine. See [clock](site:guides/clock.html).',
  permission_denied:
    'Have the permission added, or the source address whitelisted. `wireMessage` says which.',
  not_found: 'Check the id, and that the key belongs to the right account.',
  conflict: 'Use a new reference for a new call. See [idempotency](site:guides/idempotency.html).',
  validation_failed: 'Fix the fields that `wireMessage` names.',
  rate_limited:
    'The client has waited and retried within its limits. Lower the rate, or ask for a higher limit.',
  server_error: 'Retry later when `retryable` is true. Report `requestId`.',
  redirect_refused: 'Set `baseUrl` to the final address: `https`, no `www`, no trailing path.',
  unexpected_status: 'Usually a proxy. `bodyExcerpt` shows the beginning of its page.',
  invalid_response:
    'The server does not follow the wire protocol, or a proxy changed the body. `path` names the field.',
  connection_failed: 'Check address, DNS, TLS and firewall. `cause` has the system’s error.',
  timeout: 'Raise `timeoutMs`, or find out why the gateway is slow.',
  deadline_exceeded: 'Raise `deadlineMs`, or lower the number of retries.',
  aborted: 'Your `AbortSignal` ended the call.',
  client_closed: 'Create the client once and close it when the process ends.',
  outcome_unknown:
    'The payout may have been made. Repeat the call with the same reference (`idempotencyReference`). See [idempotency](site:guides/idempotency.html).',
  invalid_webhook:
    'Respond with `status`. Check the signing secret, and that the receiver gets the raw body.',
};

/** What to do about each error of @cpg/protocol. */
export const PROTOCOL_ADVICE: Readonly<Record<ProtocolErrorCode, string>> = {
  invalid_secret: 'Pass a non-empty text to `createSigningKey`, and its result to the functions that sign.',
  invalid_key_id: 'Pass 1 to 128 letters, digits, `_`, `.` or `-`.',
  invalid_timestamp: 'Pass `Math.floor(Date.now() / 1000)`, not milliseconds and not a text.',
  invalid_method: 'Pass a method such as `GET`.',
  invalid_target: 'Pass path and query as they are sent: `/v1/balances?currency=USDT`, not a whole URL.',
  invalid_query: 'Pass texts, finite numbers and booleans; no arrays, objects or lone surrogates.',
  invalid_body: 'Pass the bytes that are sent (`Uint8Array`), not a parsed object.',
  invalid_field: 'The message names the argument, what was expected and what was passed.',
  invalid_option: 'The message names the option: look for a typing error.',
  invalid_decimal: 'Pass a text such as `10.50`: no exponent, no sign `+`, no leading zeros.',
};
