<?php
// Signs each vector of standard input with examples/php/sign_request.php. The lines are described in sign-request.test.ts.
declare(strict_types=1);
require __DIR__ . '/../../../examples/php/sign_request.php';

while (($line = fgets(STDIN)) !== false) {
    [$secret, $timestamp, $method, $target, $body] = explode(' ', rtrim($line, "\n"));
    $headers = sign_request($method, base64_decode($target), file_get_contents($body), base64_decode($secret), $timestamp);
    echo substr($headers[2], strlen('X-CPG-Signature: ')), "\n";
}
