import type { LanguageFixes } from './steps.ts';

export const node: LanguageFixes = {
  name: 'Node',
  userAgent: /^(?:node|undici|axios|got|node-fetch|superagent|cpg-client|bun|deno)\b/i,
  steps: {
    secret: `// The text that the console showed, as it is: not decoded, not trimmed.
const secret = process.env.CPG_SECRET;`,
    timestamp: `// Unix seconds as digits, read once for each attempt.
const timestamp = String(Math.floor(Date.now() / 1000));`,
    method: `const method = 'POST';`,
    target: `// The target is written once, as it is sent. Path and query are cut from it at the first "?".
const target = '/v1/withdrawals';
const [path, ...rest] = target.split('?');
const query = rest.join('?');`,
    body: `// The same bytes are signed and sent; without a body they are empty: Buffer.alloc(0).
const body = Buffer.from(JSON.stringify({ currency: 'USDT', amount: '10' }));`,
    hash: `const hash = createHash('sha256').update(body).digest('hex');`,
    canonical: `// Five fields with a line feed between them, and none at the end.
const canonical = [timestamp, method, path, query, hash].join('\\n');`,
    signature: `// 64 lowercase hex digits.
const signature = createHmac('sha256', secret).update(canonical).digest('hex');`,
    send: `// What was signed is sent: the same method, target, timestamp and body.
const response = await fetch(process.env.CPG_BASE_URL + target, {
  method,
  headers: {
    'X-CPG-Key': process.env.CPG_KEY_ID,
    'X-CPG-Timestamp': timestamp,
    'X-CPG-Signature': signature,
    'Content-Type': 'application/json',
  },
  body,
});
console.log(response.status, await response.text());`,
  },
  notes: {
    timestamp_milliseconds_signed: 'Date.now() is in milliseconds: Math.floor(Date.now() / 1000).',
    timestamp_milliseconds_sent: 'Date.now() is in milliseconds: Math.floor(Date.now() / 1000).',
    timestamp_in_milliseconds: 'Date.now() is in milliseconds: Math.floor(Date.now() / 1000).',
    body_reserialised: 'axios writes an object again: give it the Buffer that was signed as data.',
    body_trimmed: 'axios trims a text: give it a Buffer as data.',
    body_placeholder: 'JSON.stringify(undefined) and {} are no empty body: hash Buffer.alloc(0).',
    query_encoded: 'The params option of axios encodes after signing: write the query into the URL.',
    query_spaces_rewritten:
      'URLSearchParams writes "+", encodeURIComponent "%20": sign the one that is sent.',
    path_normalised: 'new URL() and fetch resolve dots in the path: write it without them.',
    path_is_url: 'Sign url.pathname, not url.href.',
    key_with_newline: `Of a file: readFileSync(file, 'utf8').trimEnd().`,
    key_base64_decoded: `createHmac('sha256', secret), not Buffer.from(secret, 'base64').`,
    signature_base64: `digest('hex'), not digest('base64').`,
    plain_sha256: `createHmac('sha256', secret), not createHash('sha256').`,
  },
};
