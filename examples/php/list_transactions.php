<?php
// List transactions: GET /v1/transactions.
declare(strict_types=1);
require __DIR__ . '/sign_request.php';

$target = '/v1/transactions?direction=withdrawal&limit=20';
$context = stream_context_create(['http' => [
    'method' => 'GET',
    'header' => sign_request('GET', $target),
    'follow_location' => 0,
    'ignore_errors' => true,
    'timeout' => 10,
]]);
echo file_get_contents(BASE_URL . $target, false, $context), "\n";
