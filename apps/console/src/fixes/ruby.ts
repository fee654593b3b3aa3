import type { LanguageFixes } from './steps.ts';

export const ruby: LanguageFixes = {
  name: 'Ruby',
  userAgent: /ruby|faraday|rest-client|http\.rb/i,
  steps: {
    secret: `# The text that the console showed, as it is: not decoded, not stripped.
secret = ENV.fetch('CPG_SECRET')`,
    timestamp: `# Unix seconds as digits, read once for each attempt.
timestamp = Time.now.to_i.to_s`,
    method: `method = 'POST'`,
    target: `# The target is written once, as it is sent. Path and query are cut from it at the first "?".
target = '/v1/withdrawals'
path, query = target.split('?', 2)
query ||= ''`,
    body: `# The same text is signed and sent; without a body it is ''.
body = JSON.generate({ currency: 'USDT', amount: '10' })`,
    hash: `hash = Digest::SHA256.hexdigest(body)`,
    canonical: `# Five fields with a line feed between them, and none at the end. "\\n" needs double quotes.
canonical = [timestamp, method, path, query, hash].join("\\n")`,
    signature: `# 64 lowercase hex digits.
signature = OpenSSL::HMAC.hexdigest('SHA256', secret, canonical)`,
    send: `# What was signed is sent: the same method, target, timestamp and body.
uri = URI(ENV.fetch('CPG_BASE_URL'))
response = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https') do |http|
  http.send_request(method, target, body, {
    'X-CPG-Key' => ENV.fetch('CPG_KEY_ID'),
    'X-CPG-Timestamp' => timestamp,
    'X-CPG-Signature' => signature,
    'Content-Type' => 'application/json'
  })
end
puts response.code, response.body`,
  },
  notes: {
    timestamp_other_format: 'Time.now.to_i, not to_f and not iso8601.',
    timestamp_milliseconds_signed: 'Time.now.to_i, without * 1000.',
    timestamp_milliseconds_sent: 'Time.now.to_i, without * 1000.',
    body_reserialised:
      'JSON.generate once: Faraday and HTTParty write a hash again, and send a String as it is.',
    body_placeholder: 'nil.to_json is "null": without a body hash \'\'.',
    query_encoded: 'Faraday encodes params after signing: write the query into the URL.',
    query_sorted: 'Faraday sorts parameters: sign the query that it sends, or write it into the URL.',
    query_spaces_rewritten: 'URI.encode_www_form writes "+": sign what is sent.',
    separator_escaped: `'\\n' in single quotes is no line feed: "\\n" in double quotes is one.`,
    path_is_url: 'Sign URI(url).path, not url.',
    key_with_newline: 'Of a file: File.read(file).chomp.',
    key_base64_decoded: 'secret, not Base64.decode64(secret).',
    signature_base64: 'OpenSSL::HMAC.hexdigest, not base64digest and not Base64.encode64.',
    plain_sha256: "OpenSSL::HMAC.hexdigest('SHA256', secret, …), not Digest::SHA256.",
    arguments_swapped: "OpenSSL::HMAC.hexdigest('SHA256', secret, canonical): the secret is first.",
  },
};
