<?php
// Reads the USDT balance on ETH with the standard library alone.
// The defaults are the reference gateway and its published demo key.
declare(strict_types=1);

$baseUrl = getenv('CPG_BASE_URL') ?: 'http://127.0.0.1:8787';
$keyId = getenv('CPG_KEY_ID') ?: 'ck_demo_full';
$secret = getenv('CPG_SECRET') ?: 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION';

$timestamp = (string) time();
$path = '/v1/balances';
$query = 'currency=USDT&network=ETH'; // sign exactly the query that is sent
$body = '';

$canonical = implode("\n", [$timestamp, 'GET', $path, $query, hash('sha256', $body)]);
$signature = hash_hmac('sha256', $canonical, $secret);

$response = file_get_contents("$baseUrl$path?$query", false, stream_context_create(['http' => [
    'method' => 'GET',
    'header' => ["X-CPG-Key: $keyId", "X-CPG-Timestamp: $timestamp", "X-CPG-Signature: $signature"],
    'follow_location' => 0,
    'ignore_errors' => true,
    'timeout' => 10,
]]));
$envelope = $response === false ? null : json_decode($response, true);
if (($envelope['success'] ?? false) !== true) {
    fwrite(STDERR, 'rejected: ' . ($envelope['message'] ?? 'no response') . "\n");
    exit(1);
}

echo 'available ', $envelope['data'][0]['available'], "\n";
