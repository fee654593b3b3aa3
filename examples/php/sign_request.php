<?php
// Signs requests with the standard library. The defaults are the sandbox and its published demo key.
declare(strict_types=1);

define('BASE_URL', getenv('CPG_BASE_URL') ?: 'http://127.0.0.1:8787');
define('KEY_ID', getenv('CPG_KEY_ID') ?: 'ck_demo_full');
define('SECRET', getenv('CPG_SECRET') ?: 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION');

/** The three headers. `$target` is the path with its query: it and `$body` are exactly what is sent. */
function sign_request(string $method, string $target, string $body = '', string $secret = SECRET, ?string $timestamp = null): array
{
    $timestamp ??= (string) time();
    [$path, $query] = [...explode('?', $target, 2), ''];
    $canonical = implode("\n", [$timestamp, strtoupper($method), $path, $query, hash('sha256', $body)]);
    $signature = hash_hmac('sha256', $canonical, $secret);
    return ["X-CPG-Key: " . KEY_ID, "X-CPG-Timestamp: $timestamp", "X-CPG-Signature: $signature"];
}
