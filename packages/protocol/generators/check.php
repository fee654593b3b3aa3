<?php

/**
 * Recomputes every value of the vector files with hash() and hash_hmac().
 *
 *     php generators/check.php [folder]
 */

declare(strict_types=1);

const FILES = ['request-signing.json', 'request-verification.json', 'webhooks.json'];

function toBytes(string|array $value): string
{
    return is_string($value)
        ? base64_decode($value, true)
        : str_repeat(hex2bin($value['repeat']['byteHex']), $value['repeat']['count']);
}

/** Characters U+0080 to U+00FF of the file stand for single bytes. */
function latin1(string $text): string
{
    return iconv('UTF-8', 'ISO-8859-1', $text);
}

function requestStages(array $inputs): array
{
    $parts = explode('?', $inputs['target'], 2);
    $path = $parts[0];
    $query = $parts[1] ?? '';
    $hash = hash('sha256', toBytes($inputs['bodyB64']));
    $canonical = implode("\n", [$inputs['timestamp'], strtoupper($inputs['method']), $path, $query, $hash]);
    $message = latin1($canonical);
    return [
        'path' => $path,
        'query' => $query,
        'bodySha256' => $hash,
        'canonical' => $canonical,
        'canonicalHex' => bin2hex($message),
        'signature' => hash_hmac('sha256', $message, toBytes($inputs['secretB64'])),
    ];
}

function webhookStages(array $inputs): array
{
    $message = latin1($inputs['timestamp']) . "\n" . toBytes($inputs['bodyB64']);
    return ['signedHex' => bin2hex($message), 'signature' => hash_hmac('sha256', $message, toBytes($inputs['secretB64']))];
}

function computeStages(array $inputs): array
{
    return isset($inputs['target']) ? requestStages($inputs) : webhookStages($inputs);
}

function findHeader(array $vector, string $wanted): ?string
{
    foreach ($vector['headers'] as [$name, $value]) {
        if (strtolower($name) === $wanted) {
            return $value;
        }
    }
    return null;
}

function receivedInputs(array $vector): array
{
    $keyId = findHeader($vector, 'x-cpg-key');
    foreach ($vector['keys'] ?? [] as $key) {
        if ($key['keyId'] === $keyId) {
            $vector['secretB64'] = $key['secretB64'];
        }
    }
    return ['timestamp' => findHeader($vector, 'x-cpg-timestamp')] + $vector;
}

function differences(string $prefix, array $given, array $computed): array
{
    $differing = array_filter($computed, fn ($value, $name) => ($given[$name] ?? null) !== $value, ARRAY_FILTER_USE_BOTH);
    return array_map(fn ($name) => $prefix . $name, array_keys($differing));
}

function findHeaderFailures(array $vector): array
{
    $value = findHeader($vector, 'x-cpg-signature') ?? '';
    $genuine = ($vector['sent'] ?? $vector['computed'])['signature'];
    $state = $value === '' ? 'missing' : ($value === $genuine ? 'genuine' : 'altered');
    $failures = $state === $vector['signatureHeader'] ? [] : ['signatureHeader'];
    $compared = isset($vector['keys']) ? $value : strtolower($value);
    if (isset($vector['computed']) && ($compared === $vector['computed']['signature']) !== $vector['expected']['accepted']) {
        $failures[] = 'expected';
    }
    return $failures;
}

function findFailures(array $vector): array
{
    if (!isset($vector['expected'])) {
        return differences('', $vector, computeStages($vector));
    }
    return [
        ...findHeaderFailures($vector),
        ...(isset($vector['computed']) ? differences('computed.', $vector['computed'], computeStages(receivedInputs($vector))) : []),
        ...(isset($vector['sent']) ? differences('sent.', $vector['sent'], computeStages($vector['sent'])) : []),
    ];
}

$folder = $argv[1] ?? __DIR__ . '/../vectors';
$count = 0;
$failures = [];
foreach (FILES as $file) {
    $document = json_decode(file_get_contents("$folder/$file"), true, flags: JSON_THROW_ON_ERROR);
    $count += count($document['vectors']);
    if ($document['vectors'] === [] || count($document['vectors']) !== $document['count']) {
        $failures[] = "$file: count";
    }
    foreach ($document['vectors'] as $vector) {
        foreach (findFailures($vector) as $failure) {
            $failures[] = "$file: {$vector['id']}: $failure";
        }
    }
}
foreach ($failures as $failure) {
    fwrite(STDERR, "$failure\n");
}
printf("php: %d vectors, %d failures\n", $count, count($failures));
exit($failures === [] ? 0 : 1);
