// About programs: the commands, the reference gateway and cpg-doctor. In Markdown.

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
