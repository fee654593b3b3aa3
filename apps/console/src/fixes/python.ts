import type { LanguageFixes } from './steps.ts';

export const python: LanguageFixes = {
  name: 'Python',
  userAgent: /python|aiohttp|httpx/i,
  steps: {
    secret: `# The text that the console showed, as UTF-8: not decoded, not stripped.
secret = os.environ["CPG_SECRET"].encode()`,
    timestamp: `# Unix seconds as digits, read once for each attempt.
timestamp = str(int(time.time()))`,
    method: `method = "POST"`,
    target: `# The target is written once, as it is sent. Path and query are cut from it at the first "?".
target = "/v1/withdrawals"
path, _, query = target.partition("?")`,
    body: `# The same bytes are signed and sent; without a body they are empty: b"".
body = json.dumps({"currency": "USDT", "amount": "10"}).encode()`,
    hash: `hash = hashlib.sha256(body).hexdigest()`,
    canonical: `# Five fields with a line feed between them, and none at the end.
canonical = "\\n".join([timestamp, method, path, query, hash])`,
    signature: `# 64 lowercase hex digits.
signature = hmac.new(secret, canonical.encode(), hashlib.sha256).hexdigest()`,
    send: `# What was signed is sent: the same method, target, timestamp and body.
request = urllib.request.Request(
    os.environ["CPG_BASE_URL"] + target,
    method=method,
    data=body,
    headers={
        "X-CPG-Key": os.environ["CPG_KEY_ID"],
        "X-CPG-Timestamp": timestamp,
        "X-CPG-Signature": signature,
        "Content-Type": "application/json",
    },
)
with urllib.request.urlopen(request, timeout=10) as response:
    print(response.status, response.read().decode())`,
  },
  notes: {
    timestamp_other_format: 'str(time.time()) has a fraction: str(int(time.time())).',
    timestamp_milliseconds_signed: 'int(time.time()), without * 1000.',
    timestamp_milliseconds_sent: 'int(time.time()), without * 1000.',
    timestamp_in_milliseconds: 'int(time.time()), without * 1000.',
    body_reserialised:
      'requests and httpx write json=… again: give them data=body, the bytes that were signed.',
    body_keys_sorted: 'json.dumps(…, sort_keys=True) once, for signing and sending, or not at all.',
    body_placeholder: 'json.dumps(None) is "null": without a body hash b"".',
    query_encoded: 'params=… of requests encodes after signing: write the query into the URL.',
    query_sorted: 'Sign the query that is sent: urlencode() once, without sorted().',
    query_spaces_rewritten: 'urlencode() writes "+", quote() "%20": sign the one that is sent.',
    path_is_url: 'Sign urllib.parse.urlsplit(url).path, not the URL.',
    key_with_newline: 'Of a file: open(file).read().rstrip("\\n").',
    key_base64_decoded: 'secret.encode(), not base64.b64decode(secret).',
    signature_base64: 'hexdigest(), not base64.b64encode(….digest()).',
    plain_sha256: 'hmac.new(secret, …, hashlib.sha256), not hashlib.sha256(…).',
    arguments_swapped: 'hmac.new(secret, message, …): the secret is first.',
  },
};
