<?php
// Check that requests are signed correctly: GET /v1/_ping.
declare(strict_types=1);
require __DIR__ . '/sign_request.php';

$target = '/v1/_ping';
$context = stream_context_create(['http' => [
    'method' => 'GET',
    'header' => sign_request('GET', $target),
    'follow_location' => 0,
    'ignore_errors' => true,
    'timeout' => 10,
]]);
echo file_get_contents(BASE_URL . $target, false, $context), "\n";
