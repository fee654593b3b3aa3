<?php
// Request a deposit address: POST /v1/deposit-addresses.
declare(strict_types=1);
require __DIR__ . '/sign_request.php';

$target = '/v1/deposit-addresses';
$body = json_encode([
    'currency' => 'USDT',
    'network' => 'ETH',
    'user_identifier' => 'user-42',
    'idempotency_key' => 'topup-2026-001',
]);
$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => ['Content-Type: application/json', ...sign_request('POST', $target, $body)],
    'content' => $body,
    'follow_location' => 0,
    'ignore_errors' => true,
    'timeout' => 10,
]]);
echo file_get_contents(BASE_URL . $target, false, $context), "\n";
