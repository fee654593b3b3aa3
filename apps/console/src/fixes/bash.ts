import type { LanguageFixes } from './steps.ts';

export const bash: LanguageFixes = {
  name: 'curl',
  userAgent: /^(?:curl|wget)\//i,
  steps: {
    secret: `# The text that the console showed: no quotes, no line feed at its end.
secret=$CPG_SECRET`,
    timestamp: `# Unix seconds as digits, read once for each attempt.
timestamp=$(date +%s)`,
    method: `method='POST'`,
    target: `# The target is written once, as it is sent. Path and query are cut from it at the first "?".
target='/v1/withdrawals'
path=\${target%%\\?*}
query=\${target#"$path"}
query=\${query#\\?}`,
    body: `# The same text is signed and sent; without a body it is empty.
body='{"currency":"USDT","amount":"10"}'`,
    hash: `hash=$(printf '%s' "$body" | openssl dgst -sha256 -r | cut -d ' ' -f 1)`,
    canonical: `# Five fields with a line feed between them, and none at the end.
canonical=$(printf '%s\\n%s\\n%s\\n%s\\n%s' "$timestamp" "$method" "$path" "$query" "$hash")`,
    signature: `# 64 lowercase hex digits.
signature=$(printf '%s' "$canonical" | openssl dgst -sha256 -hmac "$secret" -r | cut -d ' ' -f 1)`,
    send: `# What was signed is sent: the same method, target, timestamp and body.
curl --path-as-is --globoff --request "$method" "$CPG_BASE_URL$target" \\
  --header "X-CPG-Key: $CPG_KEY_ID" \\
  --header "X-CPG-Timestamp: $timestamp" \\
  --header "X-CPG-Signature: $signature" \\
  --header 'Content-Type: application/json' \\
  --data-binary "$body"`,
  },
  notes: {
    body_newline_added: `echo adds a line feed: printf '%s' "$body" does not.`,
    body_line_endings_changed: '--data @file drops line feeds: use --data-binary @file, and sign the file.',
    body_trimmed: '$(cat file) drops line feeds at the end: sign the file with openssl dgst -sha256 -r file.',
    trailing_newline: `echo and <<< add a line feed: use printf '%s'.`,
    key_with_newline: `Read a file with secret=$(cat file), which drops the line feed; echo adds one.`,
    key_missing: 'export CPG_SECRET, or the program does not see it.',
    separator_escaped: `"\\n" is no line feed in bash: printf '%s\\n%s' makes one.`,
    signature_base64: 'Without -binary and base64: openssl dgst -r prints hex.',
    signature_prefixed: `openssl prints "(stdin)= " without -r: keep the digits with cut -d ' ' -f 1.`,
    path_normalised: 'curl resolves dots in the path: add --path-as-is.',
    query_encoded: '-G with --data-urlencode encodes after signing: write the query into the target.',
  },
};
