<?php
// Create a withdrawal: POST /v1/withdrawals.
declare(strict_types=1);
require __DIR__ . '/sign_request.php';

$target = '/v1/withdrawals';
$body = json_encode([
    'currency' => 'USDT',
    'network' => 'ETH',
    'amount' => '25.5',
    'to_address' => '0x52908400098527886E0F7030069857D2E4169EE7',
    'client_reference' => 'payout-2026-001',
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
