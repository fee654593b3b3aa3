export const LANGUAGES = ['curl', 'Node', 'Python', 'PHP'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface SnippetInput {
  readonly baseUrl: string;
  readonly keyId: string;
  readonly method: string;
  /** Path and query, exactly as they are sent and signed. */
  readonly target: string;
  readonly body: string;
}

interface Parts extends Omit<SnippetInput, 'baseUrl' | 'target'> {
  readonly url: string;
  readonly path: string;
  readonly query: string;
}

/** A program that signs a request and sends it, with the standard library of the language. The secret is in `CPG_SECRET`. */
export const createSnippet = (language: Language, input: SnippetInput): string => {
  const { baseUrl, keyId, method, target, body } = input;
  const [path = '', ...rest] = target.split('?');
  return SNIPPETS[language]({ url: baseUrl + target, keyId, method, path, query: rest.join('?'), body });
};

// Within single quotes a shell changes nothing.
const inShell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
// A JSON string is a string of JavaScript and of Python.
const inJson = (text: string): string => JSON.stringify(text);
const inPhp = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;

const SNIPPETS: Readonly<Record<Language, (parts: Parts) => string>> = {
  curl: ({ url, keyId, method, path, query, body }) => `timestamp=$(date +%s)
body=${inShell(body)}
hash=$(printf '%s' "$body" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
signature=$(printf '%s\\n%s\\n%s\\n%s\\n%s' "$timestamp" ${inShell(method)} ${inShell(path)} ${inShell(query)} "$hash" |
  openssl dgst -sha256 -hmac "$CPG_SECRET" -r | cut -d ' ' -f 1)
curl --path-as-is --globoff --request ${inShell(method)} ${inShell(url)} \\
  --header ${inShell(`X-CPG-Key: ${keyId}`)} \\
  --header "X-CPG-Timestamp: $timestamp" \\
  --header "X-CPG-Signature: $signature"${
    body === '' ? '' : ` \\\n  --header 'Content-Type: application/json' \\\n  --data-binary "$body"`
  }
`,
  Node: ({ url, keyId, method, path, query, body }) => `import { createHash, createHmac } from 'node:crypto';

const timestamp = String(Math.floor(Date.now() / 1000));
const body = ${inJson(body)};
const hash = createHash('sha256').update(body).digest('hex');
const canonical = [timestamp, ${inJson(method)}, ${inJson(path)}, ${inJson(query)}, hash].join('\\n');
const signature = createHmac('sha256', process.env.CPG_SECRET).update(canonical).digest('hex');
const response = await fetch(${inJson(url)}, {
  method: ${inJson(method)},
  headers: {
    'X-CPG-Key': ${inJson(keyId)},
    'X-CPG-Timestamp': timestamp,
    'X-CPG-Signature': signature,${body === '' ? '' : `\n    'Content-Type': 'application/json',`}
  },${body === '' ? '' : '\n  body,'}
  redirect: 'error',
});
console.log(response.status, await response.text());
`,
  Python: ({
    url,
    keyId,
    method,
    path,
    query,
    body,
  }) => `import hashlib, hmac, os, time, urllib.error, urllib.request

timestamp = str(int(time.time()))
body = ${inJson(body)}.encode()
canonical = "\\n".join([timestamp, ${inJson(method)}, ${inJson(path)}, ${inJson(query)}, hashlib.sha256(body).hexdigest()])
signature = hmac.new(os.environ["CPG_SECRET"].encode(), canonical.encode(), hashlib.sha256).hexdigest()
request = urllib.request.Request(
    ${inJson(url)},
    method=${inJson(method)},
    data=body or None,
    headers={
        "X-CPG-Key": ${inJson(keyId)},
        "X-CPG-Timestamp": timestamp,
        "X-CPG-Signature": signature,${body === '' ? '' : '\n        "Content-Type": "application/json",'}
    },
)
try:
    with urllib.request.urlopen(request, timeout=10) as response:
        print(response.status, response.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
`,
  PHP: ({ url, keyId, method, path, query, body }) => `<?php
$timestamp = (string) time();
$body = ${inPhp(body)};
$canonical = implode("\\n", [$timestamp, ${inPhp(method)}, ${inPhp(path)}, ${inPhp(query)}, hash('sha256', $body)]);
$signature = hash_hmac('sha256', $canonical, getenv('CPG_SECRET'));
$response = file_get_contents(${inPhp(url)}, false, stream_context_create(['http' => [
    'method' => ${inPhp(method)},
    'header' => [
        ${inPhp(`X-CPG-Key: ${keyId}`)},
        "X-CPG-Timestamp: $timestamp",
        "X-CPG-Signature: $signature",${body === '' ? '' : "\n        'Content-Type: application/json',"}
    ],${body === '' ? '' : "\n    'content' => $body,"}
    'follow_location' => 0,
    'ignore_errors' => true,
]]));
echo $http_response_header[0], "\\n", $response, "\\n";
`,
};
