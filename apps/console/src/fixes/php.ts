import type { LanguageFixes } from './steps.ts';

export const php: LanguageFixes = {
  name: 'PHP',
  userAgent: /php|guzzle|symfony/i,
  steps: {
    secret: `// The text that the console showed, as it is: not decoded, not trimmed.
$secret = getenv('CPG_SECRET');`,
    timestamp: `// Unix seconds as digits, read once for each attempt.
$timestamp = (string) time();`,
    method: `$method = 'POST';`,
    target: `// The target is written once, as it is sent. Path and query are cut from it at the first "?".
$target = '/v1/withdrawals';
[$path, $query] = explode('?', $target, 2) + [1 => ''];`,
    body: `// The same text is signed and sent; without a body it is ''.
$body = json_encode(['currency' => 'USDT', 'amount' => '10']);`,
    hash: `$hash = hash('sha256', $body);`,
    canonical: `// Five fields with a line feed between them, and none at the end. "\\n" needs double quotes.
$canonical = implode("\\n", [$timestamp, $method, $path, $query, $hash]);`,
    signature: `// 64 lowercase hex digits.
$signature = hash_hmac('sha256', $canonical, $secret);`,
    send: `// What was signed is sent: the same method, target, timestamp and body.
$response = file_get_contents(getenv('CPG_BASE_URL') . $target, false, stream_context_create(['http' => [
    'method' => $method,
    'header' => [
        'X-CPG-Key: ' . getenv('CPG_KEY_ID'),
        "X-CPG-Timestamp: $timestamp",
        "X-CPG-Signature: $signature",
        'Content-Type: application/json',
    ],
    'content' => $body,
    'follow_location' => 0,
    'ignore_errors' => true,
]]));
echo $http_response_header[0], "\\n", $response, "\\n";`,
  },
  notes: {
    timestamp_other_format: 'microtime(true) has a fraction: time().',
    timestamp_milliseconds_signed: 'time(), not microtime(true) * 1000.',
    timestamp_milliseconds_sent: 'time(), not microtime(true) * 1000.',
    body_reserialised: "Guzzle writes 'json' => … again: give it 'body' => $body, the text that was signed.",
    body_placeholder: "json_encode(null) and json_encode([]) are no empty body: hash ''.",
    query_encoded: "'query' => … of Guzzle encodes after signing: write the query into the URI.",
    query_spaces_rewritten: 'http_build_query() writes "+", rawurlencode() "%20": sign the one that is sent.',
    separator_escaped: `'\\n' in single quotes is no line feed: "\\n" in double quotes is one.`,
    path_is_url: 'Sign parse_url($url, PHP_URL_PATH), not $url.',
    key_with_newline: 'Of a file: rtrim(file_get_contents($file), "\\n").',
    key_base64_decoded: '$secret, not base64_decode($secret).',
    signature_base64: 'hash_hmac(…) without true as last argument, and without base64_encode().',
    plain_sha256: "hash_hmac('sha256', $canonical, $secret), not hash('sha256', …).",
    arguments_swapped: "hash_hmac('sha256', $canonical, $secret): the secret is last.",
  },
};
