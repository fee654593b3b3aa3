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

/** What the exit codes of each command mean, and what to do, by command and code. */
export const EXIT_CODE_ADVICE: Readonly<Record<string, readonly [meaning: string, advice: string]>> = {
  'cpg-0': ['`cpg`: success.', 'With `--json`, `success` is true.'],
  'cpg-1': [
    '`cpg`: the call failed, a signature is wrong, a withdrawal failed, or you did not confirm.',
    'Standard error has the message, the code and the address of its page. Repeat a withdrawal with `--reference` and the printed reference.',
  ],
  'cpg-2': [
    '`cpg`: wrong usage; nothing was sent.',
    'An unknown option, an invalid argument or missing credentials: the message names it. `cpg <command> --help` lists the options.',
  ],
  'cpg-130': [
    '`cpg`: interrupted by Ctrl-C.',
    'A withdrawal may have been sent: repeat it with `--reference`.',
  ],
  'cpg-conformance-0': [
    '`cpg-conformance`: every planned case passed, or is a known failure.',
    'Nothing to do. Cases that are not applicable are counted in the summary.',
  ],
  'cpg-conformance-1': [
    '`cpg-conformance`: not conformant; or a known failure passes now, or matches no case.',
    'Each failure shows what was expected and what came. `cpg-conformance explain <id>` explains a case; `repeat` runs it again.',
  ],
  'cpg-conformance-2': [
    '`cpg-conformance`: wrong usage, or a file that cannot be read.',
    'The message names the option or the file. See [options](site:packages/conformance.html#options).',
  ],
  'cpg-conformance-3': [
    '`cpg-conformance`: no verdict.',
    'An adapter that does not start, a server that cannot be reached, or no case that applies. Standard error says which; try the command of the adapter by itself.',
  ],
  'cpg-doctor-0': ['`cpg-doctor`: no check failed.', 'Warnings do not count. Read them all the same.'],
  'cpg-doctor-1': [
    '`cpg-doctor`: a check failed.',
    'Each finding names the setting that fixes it. See [findings of cpg-doctor](site:errors/doctor.html).',
  ],
  'cpg-doctor-2': [
    '`cpg-doctor`: wrong usage; nothing was sent.',
    'The URL, the key id or the secret is missing or invalid: the message names it.',
  ],
  'gateway-0': [
    '`npm run gateway`, `npm run sandbox`: stopped by SIGTERM or SIGINT.',
    'All work was finished.',
  ],
  'gateway-1': [
    '`npm run gateway`, `npm run sandbox`, `npm run gateway:…`: could not start or do its work, or could not stop in time.',
    'Standard error has the reason: see [start-up errors of the gateway](site:errors/gateway.html).',
  ],
  'gateway-audit-0': ['`npm run gateway:audit`: every invariant of the ledger holds.', 'Nothing to do.'],
  'gateway-audit-1': [
    '`npm run gateway:audit`: an invariant is violated.',
    'The rows are listed. Stop payouts, keep the database as it is, and find what wrote these rows.',
  ],
  'gateway-audit-2': [
    '`npm run gateway:audit`: an error; nothing is known about the ledger.',
    'Fix what the message names, and run it again.',
  ],
};

/** What the reference gateway says when it does not start, by code. */
export const GATEWAY_ADVICE: Readonly<Record<string, string>> = {
  invalid_configuration:
    'Each line names a variable, what was expected and what was given; an unknown `CPG_` variable is an error, with the nearest name. See [configuration](site:packages/gateway.html#configuration).',
  database_unavailable:
    'The line begins with `DATABASE_URL`, says what PostgreSQL or the network reported (no server, unknown host, password, role, rights, TLS, no free connection, read-only, a pooler that rejects the time limits) and how to fix it.',
  migration_failed:
    'The message has the error of PostgreSQL. Nothing was changed: migrations run in one transaction. The role must own the tables; a newer version of the gateway may have migrated the database already.',
  no_persistent_database: 'Set `DATABASE_URL` or `CPG_DATA_DIR` to the values of the gateway.',
  data_folder_unavailable:
    'An embedded database serves one process: stop the other one, or share PostgreSQL through `DATABASE_URL`. The folder must be writable, on a file system with locks.',
  missing_master_key:
    'Set `CPG_MASTER_KEY` (`openssl rand -hex 32`), or `CPG_DATA_DIR` with its `master.key`. Keep it: without it the secrets in the database are lost.',
  invalid_master_key_file:
    'Run `chmod 600` on `master.key`; it must hold 64 lowercase hex digits. Restore it from a backup rather than creating a new one.',
  wrong_master_key:
    'Configure the key that the database was created with; during a rotation, name the other key in `CPG_OTHER_MASTER_KEYS`. See [rotating the master key](site:gateway/operating.html#rotating-the-master-key).',
  other_mode:
    'Demo keys are published, so a database belongs either to the sandbox or to a service. Name another database, or start the other mode.',
  unknown_webhook_account:
    'Create the account first (`npm run gateway:accounts -- create`), or correct the id.',
  cannot_listen:
    'Another process has the port (`EADDRINUSE`), or the address is not of this machine (`EADDRNOTAVAIL`). Set `PORT`, `HOST`, `CPG_OPERATIONS_PORT` or `CPG_OPERATIONS_HOST`.',
  secret_not_shown:
    'Standard output was closed, full or `/dev/null`. Run the command again with an output that keeps the secret.',
};

/** What the lines of the gateway's log at level `error` and `warn` mean, by their `code`. */
export const LOG_ADVICE: Readonly<Record<string, readonly [meaning: string, advice: string]>> = {
  settlement_failed: [
    'A final transaction cannot be settled, and is tried again.',
    '`err` says why, `transaction_id` which one. Other transactions go on.',
  ],
  broadcast_failed: [
    'A withdrawal cannot be broadcast, and is tried again.',
    '`err` says why, `withdrawal_id` which one. Its hold stays.',
  ],
  secrets_unreadable: [
    'No configured master key opens some secrets.',
    'Name the missing key in `CPG_OTHER_MASTER_KEYS`. Requests with these API keys get 503 until then.',
  ],
  log_dropped: [
    'The reader of the log was too slow, and lines were dropped.',
    'Let the collector read faster, or raise `CPG_LOG_LEVEL`.',
  ],
  embedded_database_blocked: [
    'The embedded database blocked the process for 20 s, as after a failed write to its disk, and the process was killed.',
    'Check that the disk of `CPG_DATA_DIR` has space and start the gateway again. Use PostgreSQL for anything but trials.',
  ],
};

/** What each check of cpg-doctor and `doctor(app)` examines, and where to look when it fails, by its name. */
export const DOCTOR_ADVICE: Readonly<Record<string, readonly [meaning: string, advice: string]>> = {
  authentication: [
    'A correct request is authenticated.',
    'Check URL, key id and secret first. Otherwise a proxy changes the method, the path or a header. No other check runs.',
  ],
  protection: [
    'Requests without a signature, and with a forged one, are rejected.',
    'The target is not behind `cpgAuth`: mount it on this path.',
  ],
  replay: [
    'One of several copies of a request is accepted.',
    'One store for all processes (`redisStore`, `postgresStore`), and no cache. When none is accepted, a proxy sends requests twice.',
  ],
  retries: [
    'Every request is accepted at its first use.',
    'A proxy repeats requests: turn its retries off. nginx: `proxy_next_upstream off`.',
  ],
  cache: ['No proxy serves a stored response to another request.', 'No cache in front of the service.'],
  clock: [
    'The clock of the service agrees with this machine, and so does the header `Date`.',
    'NTP on the service, the proxies and this machine. See [clock](site:guides/clock.html).',
  ],
  path: [
    'The path arrives byte for byte.',
    'The proxy normalises or decodes it. See [proxies](site:packages/server-middleware.html#proxies).',
  ],
  query: [
    'The query arrives byte for byte.',
    'The proxy sorts, decodes or rewrites it. See [proxies](site:packages/server-middleware.html#proxies).',
  ],
  HEAD: [
    'A signed HEAD arrives as HEAD.',
    'The proxy turns it into GET. nginx: `proxy_cache_convert_head off`.',
  ],
  OPTIONS: [
    'A signed OPTIONS reaches `cpgAuth`.',
    'A CORS handler in front responds to it. Remove it: browsers must not hold a secret.',
  ],
  body: ['A body arrives unchanged.', 'No filter of the proxy may rewrite bodies.'],
  'chunked body': [
    'A body without `Content-Length` arrives unchanged.',
    'Clients that stream need it. Let the proxy speak HTTP/1.1 to the service.',
  ],
  'body limit': [
    'A body of 1 MiB arrives, and a larger one is rejected with 413.',
    'The limit of the proxy must be above `bodyLimit`, so that the service rejects.',
  ],
  'oversized body': [
    'A body of 2 MiB is rejected by the service.',
    'The limit of the proxy must be above `bodyLimit`, and `drainUnreadBodies` must be in the service.',
  ],
  'early rejections': [
    'A response reaches a client that is still sending.',
    '`drainUnreadBodies(server)` in the service; in nginx `proxy_http_version 1.1` and `lingering_close on`.',
  ],
  'gzip request': [
    'A compressed body is rejected with 415.',
    'The proxy decompresses requests: turn that off.',
  ],
  'gzip response': [
    'Responses are compressed correctly, and only when asked for.',
    'The proxy compresses without `Accept-Encoding`, or breaks the body.',
  ],
  'parser order': [
    'No body parser runs before `cpgAuth`.',
    'Mount `cpgAuth` before `express.json()`, or capture the bytes with `captureRawBody`.',
  ],
  compression: [
    'A compressed body is rejected, not decompressed.',
    'A parser in front of `cpgAuth` decompresses it: mount `cpgAuth` first.',
  ],
  store: [
    'The admission store keeps what it is told.',
    'Redis: `noeviction`, `appendfsync always` and the rights of the script. See [Redis](site:packages/server-middleware.html#redis).',
  ],
  'trust proxy': [
    'Clients cannot choose their address.',
    'Name the proxies: their exact number or their addresses, never `true`. See [addresses](site:packages/server-middleware.html#addresses).',
  ],
  'key store': [
    'The key store responds fast.',
    'Every request waits for it: put `cachedKeys` in front, or look at the database.',
  ],
  'admission store': [
    'The admission store responds fast.',
    'Every request waits for it: place it near the service.',
  ],
  Expect: [
    'A client that waits for `100 Continue` gets it, or its rejection.',
    'Let the proxy pass `Expect` on, or respond to it itself.',
  ],
  'repeated headers': [
    'A header that is sent twice arrives twice.',
    'The proxy joins or drops repeated headers. The service rejects what it sees; honest clients send each header once.',
  ],
  'X_CPG headers': [
    'Headers with underscores are not taken for `X-CPG-…`.',
    'The proxy or the framework maps `_` to `-`. nginx: `underscores_in_headers off`.',
  ],
  'HTTP/1.0': [
    'Requests over HTTP/1.0 are accepted, or rejected by the proxy.',
    'Old clients and health checks need it.',
  ],
  'keep-alive': [
    'Many requests on one connection are accepted.',
    'The proxy or the service closes connections early: keep idle connections of the service longer than the proxy does.',
  ],
  encryption: [
    'Plain HTTP is not served.',
    'Requests and balances can be read on their way: serve https only, and do not redirect `/v1`.',
  ],
  configuration: [
    'The configuration of Redis can be read.',
    'Grant `+info` to the Redis user, so that the other checks of the store can run.',
  ],
  eviction: [
    'Redis never evicts a signature.',
    'Set `maxmemory-policy noeviction`, and `maxmemory` to twice the need.',
  ],
  persistence: [
    'Redis remembers signatures over a crash.',
    'Set `appendonly yes` and `appendfsync always`; grant `+config|get`, so that this can be checked.',
  ],
  role: [
    'The store is connected to the master.',
    'Connect to the master, through Sentinel or Cluster; a replica admits nothing.',
  ],
  replicas: ['As many replicas are connected as must confirm.', 'Start them, or lower `waitReplicas`.'],
  deadline: ['All checks ended in time.', 'Raise `--deadline`, or look at why responses are slow.'],
};
