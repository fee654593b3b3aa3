import type { LanguageFixes } from './steps.ts';

export const java: LanguageFixes = {
  name: 'Java',
  userAgent: /^(?:java|okhttp|apache-httpclient|jersey|reactornetty|ktor)/i,
  steps: {
    secret: `// The text that the console showed, as UTF-8: not decoded, not trimmed.
byte[] secret = System.getenv("CPG_SECRET").getBytes(StandardCharsets.UTF_8);`,
    timestamp: `// Unix seconds as digits, read once for each attempt.
String timestamp = Long.toString(Instant.now().getEpochSecond());`,
    method: `String method = "POST";`,
    target: `// The target is written once, as it is sent. Path and query are cut from it at the first "?".
String target = "/v1/withdrawals";
String[] parts = target.split("\\\\?", 2);
String path = parts[0];
String query = parts.length > 1 ? parts[1] : "";`,
    body: `// The same bytes are signed and sent; without a body they are new byte[0].
byte[] body = "{\\"currency\\":\\"USDT\\",\\"amount\\":\\"10\\"}".getBytes(StandardCharsets.UTF_8);`,
    hash: `String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));`,
    canonical: `// Five fields with a line feed between them, and none at the end.
String canonical = String.join("\\n", timestamp, method, path, query, hash);`,
    signature: `// 64 lowercase hex digits.
Mac mac = Mac.getInstance("HmacSHA256");
mac.init(new SecretKeySpec(secret, "HmacSHA256"));
String signature = HexFormat.of().formatHex(mac.doFinal(canonical.getBytes(StandardCharsets.UTF_8)));`,
    send: `// What was signed is sent: the same method, target, timestamp and body.
HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("CPG_BASE_URL") + target))
    .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
    .header("X-CPG-Key", System.getenv("CPG_KEY_ID"))
    .header("X-CPG-Timestamp", timestamp)
    .header("X-CPG-Signature", signature)
    .header("Content-Type", "application/json")
    .build();
HttpResponse<String> response =
    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
System.out.println(response.statusCode() + " " + response.body());`,
  },
  notes: {
    timestamp_milliseconds_signed: 'Instant.now().getEpochSecond(), not System.currentTimeMillis().',
    timestamp_milliseconds_sent: 'Instant.now().getEpochSecond(), not System.currentTimeMillis().',
    timestamp_in_milliseconds: 'Instant.now().getEpochSecond(), not System.currentTimeMillis().',
    timestamp_other_format: 'Instant.now().getEpochSecond(), not Instant.now().toString().',
    body_reserialised:
      'writeValueAsBytes once, and send those bytes: a converter of the framework writes an object again.',
    body_charset_changed: 'getBytes(StandardCharsets.UTF_8): without it the charset is that of the machine.',
    query_spaces_rewritten: 'URLEncoder writes "+": sign what is sent, or replace it by "%20" in both.',
    path_decoded: 'URI.getPath() is decoded: sign URI.getRawPath() and URI.getRawQuery().',
    query_decoded: 'URI.getQuery() is decoded: sign URI.getRawQuery().',
    path_is_url: 'Sign URI.getRawPath(), not URI.toString().',
    separator_crlf: 'System.lineSeparator() and %n are CRLF on Windows: "\\n".',
    key_with_newline: 'Of a file: Files.readString(file).stripTrailing().',
    key_base64_decoded: 'secret.getBytes(StandardCharsets.UTF_8), not Base64.getDecoder().decode(secret).',
    signature_base64: 'HexFormat.of().formatHex(…), not Base64.getEncoder().',
    signature_upper_case: 'HexFormat.of() writes lower case; "%02X" does not, "%02x" does.',
    plain_sha256: 'Mac.getInstance("HmacSHA256"), not MessageDigest.',
  },
};
