<?php
// Conformance adapter in plain PHP, no extension beyond json and hash: signs, verifies and calls. See docs/adapter-protocol.md.
declare(strict_types=1);

const HEADERS = ['X-CPG-Key', 'X-CPG-Timestamp', 'X-CPG-Signature'];
const AMOUNTS = [
    'balances.list' => ['balance', 'held', 'available'],
    'transactions.list' => ['amount_decimal'],
    'withdrawals.create' => ['amount_decimal', 'fee_decimal'],
    'withdrawals.get' => ['amount', 'fee'],
];
const WINDOW_SECONDS = 300;
const MAX_SECONDS_AHEAD = 30;
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
const KEY_ID = '/\A[A-Za-z0-9_.-]{1,128}\z/';
const TIMESTAMP = '/\A(?:0|[1-9][0-9]{0,14})\z/';
const ORIGIN_FORM = '#\A/(?!/)[!-"$-\[\]-~]*\z#';

/** JSON is UTF-8; on the wire and in the signed text, one character of a target or header is one byte. */
function to_bytes(string $text): string
{
    return preg_replace_callback('/[\x{80}-\x{ff}]/u', fn ($m) => chr(((ord($m[0][0]) & 3) << 6) | (ord($m[0][1]) & 63)), $text);
}

function stages(string $timestamp, string $method, string $target, string $body): array
{
    $parts = explode('?', to_bytes($target), 2);
    $query = $parts[1] ?? '';
    $bodySha256 = hash('sha256', $body);
    $canonical = implode("\n", [to_bytes($timestamp), $method, $parts[0], $query, $bodySha256]);
    return ['path' => $parts[0], 'query' => $query, 'bodySha256' => $bodySha256, 'canonical' => $canonical];
}

function sign_command(array $command): array
{
    $secret = base64_decode($command['secretB64']);
    $timestamp = (string) $command['now'];
    $problem = find_problem($secret, $command['keyId'], $timestamp, $command['method'], $command['target']);
    if ($problem !== null) {
        return ['refused' => $problem];
    }
    $stages = stages($timestamp, strtoupper($command['method']), $command['target'], base64_decode($command['bodyB64']));
    $signature = hash_hmac('sha256', $stages['canonical'], $secret);
    return [
        'headers' => array_map(null, HEADERS, [$command['keyId'], $timestamp, $signature]),
        'path' => $stages['path'],
        'query' => $stages['query'],
        'bodySha256' => $stages['bodySha256'],
        'canonicalB64' => base64_encode($stages['canonical']),
    ];
}

/** Why no server would accept this request; null when it can be signed. */
function find_problem(string $secret, string $keyId, string $timestamp, string $method, string $target): ?string
{
    return match (true) {
        $secret === '' => 'the secret is empty',
        !preg_match(KEY_ID, $keyId) => 'the key id is malformed',
        !preg_match(TIMESTAMP, $timestamp) => 'the timestamp is malformed',
        !preg_match('/\A[A-Za-z]+\z/', $method) => 'the method is malformed',
        !preg_match(ORIGIN_FORM, $target) => 'the target is malformed',
        default => null,
    };
}

function verify_command(array $command): array
{
    $rejection = reject($command);
    return $rejection === null
        ? ['accepted' => true]
        : ['accepted' => false, 'status' => $rejection[0], 'message' => $rejection[1]];
}

function reject(array $command): ?array
{
    $all = fn (string $header) => array_values(array_map(
        fn ($pair) => $pair[1],
        array_filter($command['headers'], fn ($pair) => strtolower($pair[0]) === strtolower($header)),
    ));
    $values = array_map($all, HEADERS);
    foreach ($values as $found) {
        if ($found === [] || in_array('', $found, true)) {
            return [401, 'Missing authentication headers'];
        }
    }
    [[$keyId], [$timestamp], [$signature]] = $values;
    if (array_sum(array_map('count', $values)) > 3 || !preg_match(KEY_ID, $keyId)) {
        return [401, 'Malformed authentication headers'];
    }
    if (!preg_match(ORIGIN_FORM, $command['target'])) {
        return [400, 'Malformed request target'];
    }
    $isTime = preg_match(TIMESTAMP, $timestamp) === 1;
    if (!$isTime || abs((int) $timestamp - $command['now']) > WINDOW_SECONDS) {
        return [401, 'Request timestamp is outside the allowed window'];
    }
    foreach (explode(',', implode(',', $all('Content-Encoding'))) as $coding) {
        if (!in_array(strtolower(trim($coding, " \t")), ['', 'identity'], true)) {
            return [415, 'Content-Encoding is not supported'];
        }
    }
    $secrets = array_column($command['keys'], 'secretB64', 'keyId');
    $stages = stages($timestamp, $command['method'], $command['target'], base64_decode($command['bodyB64']));
    $expected = hash_hmac('sha256', $stages['canonical'], base64_decode($secrets[$keyId] ?? ''));
    return isset($secrets[$keyId]) && hash_equals($expected, $signature) ? null : [401, 'Invalid signature'];
}

function verify_webhook_command(array $command): array
{
    $rejection = reject_webhook($command);
    return $rejection === null
        ? ['accepted' => true]
        : ['accepted' => false, 'status' => $rejection[0], 'message' => $rejection[1]];
}

function reject_webhook(array $command): ?array
{
    $all = fn (string $header) => array_values(array_map(
        fn ($pair) => $pair[1],
        array_filter($command['headers'], fn ($pair) => strtolower($pair[0]) === strtolower($header)),
    ));
    $values = array_map($all, [HEADERS[1], HEADERS[2]]);
    foreach ($values as $found) {
        if ($found === [] || $found === ['']) {
            return [401, 'Missing authentication headers'];
        }
    }
    if (array_sum(array_map('count', $values)) > 2) {
        return [401, 'Malformed authentication headers'];
    }
    [[$timestamp], [$signature]] = $values;
    $isTime = preg_match(TIMESTAMP, $timestamp) === 1;
    if (!$isTime || abs((int) $timestamp - $command['now']) > WINDOW_SECONDS) {
        return [401, 'Request timestamp is outside the allowed window'];
    }
    $signed = $timestamp . "\n" . base64_decode($command['bodyB64']);
    $expected = hash_hmac('sha256', $signed, base64_decode($command['secretB64']));
    return hash_equals($expected, strtolower($signature)) ? null : [401, 'Invalid signature'];
}

function query_of(array $args): string
{
    return $args === [] ? '' : '?' . http_build_query($args, '', '&', PHP_QUERY_RFC3986);
}

function request_for(string $operation, array $args): array
{
    return match ($operation) {
        'ping' => ['GET', '/v1/_ping', ''],
        'balances.list' => ['GET', '/v1/balances' . query_of($args), ''],
        'transactions.list' => ['GET', '/v1/transactions' . query_of($args), ''],
        'withdrawals.get' => ['GET', '/v1/withdrawals/' . $args['withdrawal_id'], ''],
        'withdrawals.create' => ['POST', '/v1/withdrawals', json_encode($args, JSON_THROW_ON_ERROR)],
    };
}

/** Never repeats a signature: an identical request in the same second is stamped one second later, and waits if necessary. */
function sign_once(array $command, string $method, string $target, string $body): array
{
    static $sent = [];
    for ($now = time();; $now++) {
        sleep(max(0, $now - MAX_SECONDS_AHEAD - time()));
        $fields = ['now' => $now, 'method' => $method, 'target' => $target, 'bodyB64' => base64_encode($body)];
        $headers = sign_command([...$command, ...$fields])['headers'];
        if (!isset($sent[$headers[2][1]])) {
            $sent[$headers[2][1]] = true;
            return $headers;
        }
    }
}

function call_command(array $command): array
{
    if (!preg_match('/\A[1-9][0-9]{0,18}\z/', (string) ($command['args']['withdrawal_id'] ?? 1))) {
        return failure('invalid_argument', null, 'withdrawal_id must be a positive integer.');
    }
    [$method, $target, $body] = request_for($command['operation'], $command['args']);
    $lines = array_map(fn ($pair) => "$pair[0]: $pair[1]", sign_once($command, $method, $target, $body));
    $options = ['method' => $method, 'follow_location' => 0, 'ignore_errors' => true, 'timeout' => 8];
    if ($body !== '') {
        $lines[] = 'Content-Type: application/json';
        $options['content'] = $body;
    }
    $context = stream_context_create(['http' => [...$options, 'header' => $lines]]);
    $http_response_header = [];
    $text = @file_get_contents($command['baseUrl'] . $target, false, $context, 0, MAX_RESPONSE_BYTES + 1);
    if ($text === false || !preg_match('#\AHTTP/1\.[01] (\d{3})#', $http_response_header[0] ?? '', $found)) {
        return failure('no_response', null, 'No response; the outcome is unknown.');
    }
    if (strlen($text) > MAX_RESPONSE_BYTES) {
        return failure('unreadable_response', (int) $found[1], 'The response is too long.');
    }
    return parse_response($command['operation'], (int) $found[1], $text);
}

function parse_response(string $operation, int $status, string $text): array
{
    $envelope = json_decode($text);
    if (!$envelope instanceof stdClass) {
        return failure('unreadable_response', $status, 'The response is not an envelope.');
    }
    if ($status !== 200 || ($envelope->success ?? null) !== true) {
        $message = is_string($envelope->message ?? null) ? $envelope->message : 'The server sent no message.';
        return failure('rejected', $status, cut($message));
    }
    $data = $envelope->data ?? null;
    if ($data === null || !has_amounts($operation, $data)) {
        return failure('unreadable_response', $status, 'The response has no data of the expected shape.');
    }
    return ['ok' => true, 'data' => $data];
}

/** The first thousand characters, to limit log entries. */
function cut(string $message): string
{
    preg_match('/\A.{0,1000}/su', $message, $found);
    return $found[0];
}

/** Whether every amount of the operation is a plain decimal string. */
function has_amounts(string $operation, mixed $data): bool
{
    if (str_ends_with($operation, '.list') !== is_array($data)) {
        return false;
    }
    foreach (is_array($data) ? $data : [$data] as $row) {
        foreach (AMOUNTS[$operation] ?? [] as $name) {
            $amount = $row->{$name} ?? null;
            if (!is_string($amount) || !preg_match('/\A-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?\z/', $amount)) {
                return false;
            }
        }
    }
    return true;
}

function failure(string $kind, ?int $status, string $message): array
{
    return ['ok' => false, 'error' => ['kind' => $kind, 'status' => $status, 'message' => $message]];
}

function hello(): array
{
    return ['name' => 'php-streams', 'language' => 'php', 'version' => PHP_VERSION, 'roles' => ['sign', 'verify', 'webhook', 'call'], 'caps' => ['stages', 'text-ids', 'transactions']];
}

while (($line = fgets(STDIN)) !== false) {
    $command = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    try {
        $response = match ($command['cmd']) {
            'hello' => hello(),
            'sign' => sign_command($command),
            'verify' => verify_command($command),
            'verify-webhook' => verify_webhook_command($command),
            'call' => call_command($command),
            'stop' => [],
        };
    } catch (Throwable $error) {
        $response = ['error' => $error::class];
    }
    fwrite(STDOUT, json_encode(['id' => $command['id'], ...$response], JSON_THROW_ON_ERROR) . "\n");
    if ($command['cmd'] === 'stop') {
        exit(0);
    }
}
