import type { LanguageFixes } from './steps.ts';

export const go: LanguageFixes = {
  name: 'Go',
  userAgent: /^(?:go-http-client|go-resty|fasthttp)/i,
  steps: {
    secret: `// The text that the console showed, as it is: not decoded, not trimmed.
secret := []byte(os.Getenv("CPG_SECRET"))`,
    timestamp: `// Unix seconds as digits, read once for each attempt.
timestamp := strconv.FormatInt(time.Now().Unix(), 10)`,
    method: `method := http.MethodPost`,
    target: `// The target is written once, as it is sent. Path and query are cut from it at the first "?".
target := "/v1/withdrawals"
path, query, _ := strings.Cut(target, "?")`,
    body: `// The same bytes are signed and sent; without a body they are nil.
body, err := json.Marshal(map[string]string{"currency": "USDT", "amount": "10"})
if err != nil {
	log.Fatal(err)
}`,
    hash: `sum := sha256.Sum256(body)
hash := hex.EncodeToString(sum[:])`,
    canonical: `// Five fields with a line feed between them, and none at the end.
canonical := strings.Join([]string{timestamp, method, path, query, hash}, "\\n")`,
    signature: `// 64 lowercase hex digits.
mac := hmac.New(sha256.New, secret)
mac.Write([]byte(canonical))
signature := hex.EncodeToString(mac.Sum(nil))`,
    send: `// What was signed is sent: the same method, target, timestamp and body.
request, err := http.NewRequest(method, os.Getenv("CPG_BASE_URL")+target, bytes.NewReader(body))
if err != nil {
	log.Fatal(err)
}
request.Header.Set("X-CPG-Key", os.Getenv("CPG_KEY_ID"))
request.Header.Set("X-CPG-Timestamp", timestamp)
request.Header.Set("X-CPG-Signature", signature)
request.Header.Set("Content-Type", "application/json")
response, err := http.DefaultClient.Do(request)
if err != nil {
	log.Fatal(err)
}
defer response.Body.Close()
text, _ := io.ReadAll(response.Body)
fmt.Println(response.StatusCode, string(text))`,
  },
  notes: {
    timestamp_milliseconds_signed: 'time.Now().Unix(), not UnixMilli().',
    timestamp_milliseconds_sent: 'time.Now().Unix(), not UnixMilli().',
    timestamp_in_milliseconds: 'time.Now().Unix(), not UnixMilli().',
    timestamp_other_format: 'time.Now().Unix(), not Format(time.RFC3339).',
    body_reserialised: 'json.Marshal once, and send those bytes with bytes.NewReader(body).',
    body_trimmed: 'json.Encoder ends with a line feed: sign what it wrote, or use json.Marshal.',
    query_sorted: 'url.Values.Encode() sorts by name: sign what it returns, and send that.',
    query_encoded: 'Encode the query once, and sign request.URL.RawQuery.',
    path_decoded: 'URL.Path is decoded: sign URL.EscapedPath().',
    path_is_url: 'Sign request.URL.EscapedPath(), not request.URL.String().',
    key_with_newline: 'Of a file: bytes.TrimRight(secret, "\\n").',
    key_base64_decoded: '[]byte(secret), without base64.StdEncoding.',
    signature_base64: 'hex.EncodeToString(…), not base64.StdEncoding.',
    plain_sha256: 'hmac.New(sha256.New, secret), not sha256.Sum256(…).',
    message_hashed_first: 'mac.Write([]byte(canonical)), without sha256.Sum256 before it.',
  },
};
