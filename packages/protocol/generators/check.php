<?php

/**
 * Recomputes every value of the vector files with hash() and hash_hmac().
 *
 *     php generators/check.php [folder]
 */

declare(strict_types=1);

const FILES = ['request-signing.json', 'request-verification.json', 'webhooks.json'];

function bytesOf(string|array $value): string
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
    $hash = hash('sha256', bytesOf($inputs['bodyB64']));
    $canonical = implode("\n", [$inputs['timestamp'], strtoupper($inputs['method']), $path, $query, $hash]);
    $message = latin1($canonical);
    return [
        'path' => $path,
        'query' => $query,
        'bodySha256' => $hash,
        'canonical' => $canonical,
        'canonicalHex' => bin2hex($message),
        'signature' => hash_hmac('sha256', $message, bytesOf($inputs['secretB64'])),
    ];
}

function webhookStages(array $inputs): array
{
    $message = latin1($inputs['timestamp']) . "\n" . bytesOf($inputs['bodyB64']);
    return ['signedHex' => bin2hex($message), 'signature' => hash_hmac('sha256', $message, bytesOf($inputs['secretB64']))];
}

function stagesOf(array $inputs): array
{
    return isset($inputs['target']) ? requestStages($inputs) : webhookStages($inputs);
}

function headerOf(array $vector, string $wanted): ?string
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
    $keyId = headerOf($vector, 'x-cpg-key');
    foreach ($vector['keys'] ?? [] as $key) {
        if ($key['keyId'] === $keyId) {
            $vector['secretB64'] = $key['secretB64'];
        }
    }
    return ['timestamp' => headerOf($vector, 'x-cpg-timestamp')] + $vector;
}

function differences(string $prefix, array $given, array $computed): array
{
    $differing = array_filter($computed, fn ($value, $name) => ($given[$name] ?? null) !== $value, ARRAY_FILTER_USE_BOTH);
    return array_map(fn ($name) => $prefix . $name, array_keys($differing));
}

function headerFaults(array $vector): array
{
    $value = headerOf($vector, 'x-cpg-signature') ?? '';
    $genuine = ($vector['sent'] ?? $vector['computed'])['signature'];
    $state = $value === '' ? 'missing' : ($value === $genuine ? 'genuine' : 'altered');
    $faults = $state === $vector['signatureHeader'] ? [] : ['signatureHeader'];
    $compared = isset($vector['keys']) ? $value : strtolower($value);
    if (isset($vector['computed']) && ($compared === $vector['computed']['signature']) !== $vector['expected']['accepted']) {
        $faults[] = 'expected';
    }
    return $faults;
}

function faultsOf(array $vector): array
{
    if (!isset($vector['expected'])) {
        return differences('', $vector, stagesOf($vector));
    }
    return [
        ...headerFaults($vector),
        ...(isset($vector['computed']) ? differences('computed.', $vector['computed'], stagesOf(receivedInputs($vector))) : []),
        ...(isset($vector['sent']) ? differences('sent.', $vector['sent'], stagesOf($vector['sent'])) : []),
    ];
}

$folder = $argv[1] ?? __DIR__ . '/../vectors';
$count = 0;
$faults = [];
foreach (FILES as $file) {
    $document = json_decode(file_get_contents("$folder/$file"), true, flags: JSON_THROW_ON_ERROR);
    $count += count($document['vectors']);
    if ($document['vectors'] === [] || count($document['vectors']) !== $document['count']) {
        $faults[] = "$file: count";
    }
    foreach ($document['vectors'] as $vector) {
        foreach (faultsOf($vector) as $fault) {
            $faults[] = "$file: {$vector['id']}: $fault";
        }
    }
}
foreach ($faults as $fault) {
    fwrite(STDERR, "$fault\n");
}
printf("php: %d vectors, %d faults\n", $count, count($faults));
exit($faults === [] ? 0 : 1);
