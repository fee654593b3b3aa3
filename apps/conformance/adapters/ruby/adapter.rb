#!/usr/bin/env ruby
# Conformance adapter in plain Ruby, standard library only: signs, verifies and calls. See docs/adapter-protocol.md.

require "digest"
require "json"
require "net/http"
require "openssl"
require "uri"

HEADERS = %w[X-CPG-Key X-CPG-Timestamp X-CPG-Signature].freeze
ORIGIN_FORM = %r{\A/(?!/)[!-"$-\[\]-~]*\z}
KEY_ID = /\A[A-Za-z0-9_.-]{1,128}\z/
TIMESTAMP = /\A(?:0|[1-9][0-9]{0,14})\z/
METHOD = /\A[A-Za-z]+\z/
ID = /\A[1-9][0-9]{0,18}\z/
SIGNATURE = /\A[0-9a-f]{64}\z/
DECIMAL = /\A-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?\z/
AMOUNTS = {
  "balances.list" => %w[balance held available],
  "transactions.list" => %w[amount_decimal],
  "withdrawals.create" => %w[amount_decimal fee_decimal],
  "withdrawals.get" => %w[amount fee]
}.freeze
WINDOW_SECONDS = 300
MAX_SECONDS_AHEAD = 30
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
TIMEOUT_SECONDS = 8

def decode(base64)
  base64.unpack1("m0")
end

# JSON is UTF-8; on the wire and in the signed text, one character of a target or header is one byte.
def to_bytes(text)
  text.encode("ISO-8859-1").b
end

def stages(timestamp, method, target, body)
  path, query = to_bytes(target).split("?", 2)
  body_sha256 = Digest::SHA256.hexdigest(body)
  canonical = [to_bytes(timestamp), method, path.to_s, query.to_s, body_sha256].join("\n").b
  { path: path.to_s, query: query.to_s, bodySha256: body_sha256, canonical: canonical }
end

def signature_of(secret, canonical)
  OpenSSL::HMAC.hexdigest("SHA256", secret, canonical)
end

# Why no server would accept this request; nil when it can be signed.
def find_problem(secret, key_id, timestamp, method, target)
  return "the secret is empty" if secret.empty?

  grammar = { "key id" => [KEY_ID, key_id], "timestamp" => [TIMESTAMP, timestamp],
              "method" => [METHOD, method], "target" => [ORIGIN_FORM, target] }
  name, = grammar.find { |_, (pattern, text)| !pattern.match?(text) }
  name && "the #{name} is malformed"
end

def sign(command)
  secret = decode(command["secretB64"])
  timestamp = command["now"].to_s
  problem = find_problem(secret, command["keyId"], timestamp, command["method"], command["target"])
  return { refused: problem } if problem

  found = stages(timestamp, command["method"].upcase, command["target"], decode(command["bodyB64"]))
  values = [command["keyId"], timestamp, signature_of(secret, found[:canonical])]
  { headers: HEADERS.zip(values), **found.slice(:path, :query, :bodySha256), canonicalB64: [found[:canonical]].pack("m0") }
end

def values_of(headers, name)
  headers.select { |each, _| each.downcase == name.downcase }.map(&:last)
end

def in_window?(timestamp, now)
  TIMESTAMP.match?(timestamp) && (timestamp.to_i - now).abs <= WINDOW_SECONDS
end

def same?(one, other)
  OpenSSL.secure_compare(one, other)
end

def reject(command)
  values = HEADERS.map { |name| values_of(command["headers"], name) }
  return [401, "Missing authentication headers"] if values.any? { |found| found.empty? || found.include?("") }

  key_id, timestamp, signature = values.map(&:first)
  return [401, "Malformed authentication headers"] if values.any? { |found| found.size > 1 } || !KEY_ID.match?(key_id)
  return [400, "Malformed request target"] unless ORIGIN_FORM.match?(command["target"])
  return [401, "Request timestamp is outside the allowed window"] unless in_window?(timestamp, command["now"])

  codings = values_of(command["headers"], "Content-Encoding").join(",").downcase.split(",")
  return [415, "Content-Encoding is not supported"] unless codings.all? { |each| ["", "identity"].include?(each.gsub(/\A[ \t]+|[ \t]+\z/, "")) }

  key = command["keys"].find { |each| each["keyId"] == key_id }
  canonical = stages(timestamp, command["method"], command["target"], decode(command["bodyB64"]))[:canonical]
  expected = signature_of(key ? decode(key["secretB64"]) : "dummy key", canonical)
  key && SIGNATURE.match?(signature) && same?(expected, signature) ? nil : [401, "Invalid signature"]
end

def reject_webhook(command)
  values = HEADERS.drop(1).map { |name| values_of(command["headers"], name) }
  return [401, "Missing authentication headers"] if values.any? { |found| found.empty? || found == [""] }
  return [401, "Malformed authentication headers"] if values.any? { |found| found.size > 1 }

  timestamp, signature = values.map(&:first)
  return [401, "Request timestamp is outside the allowed window"] unless in_window?(timestamp, command["now"])

  expected = signature_of(decode(command["secretB64"]), "#{timestamp}\n".b + decode(command["bodyB64"]))
  received = signature.tr("A-F", "a-f")
  SIGNATURE.match?(received) && same?(expected, received) ? nil : [401, "Invalid signature"]
end

def verdict(rejection)
  rejection ? { accepted: false, status: rejection[0], message: rejection[1] } : { accepted: true }
end

def query_of(args)
  args.empty? ? "" : "?" + args.map { |name, value| "#{name}=#{URI.encode_www_form_component(value.to_s).gsub("+", "%20")}" }.join("&")
end

def request_for(operation, args)
  case operation
  when "ping" then ["GET", "/v1/_ping", ""]
  when "balances.list" then ["GET", "/v1/balances#{query_of(args)}", ""]
  when "transactions.list" then ["GET", "/v1/transactions#{query_of(args)}", ""]
  when "withdrawals.get" then ["GET", "/v1/withdrawals/#{args['withdrawal_id']}", ""]
  when "withdrawals.create" then ["POST", "/v1/withdrawals", JSON.generate(args)]
  end
end

SENT = {}

# Never repeats a signature: an identical request in the same second is stamped one second later, and waits if necessary.
def sign_once(command, method, target, body)
  now = Time.now.to_i
  loop do
    sleep([0, now - MAX_SECONDS_AHEAD - Time.now.to_f].max)
    headers = sign(command.merge("now" => now, "method" => method, "target" => target, "bodyB64" => [body].pack("m0")))[:headers]
    signature = headers[2][1]
    return headers.to_h if SENT[signature].nil? && SENT[signature] = true

    now += 1
  end
end

def call(command)
  args = command["args"]
  return failure("invalid_argument", nil, "withdrawal_id must be a positive integer.") unless ID.match?(args.fetch("withdrawal_id", 1).to_s)

  method, target, body = request_for(command["operation"], args)
  headers = sign_once(command, method, target, body).merge("Accept-Encoding" => "identity")
  headers["Content-Type"] = "application/json" unless body.empty?
  status, text = send_request(URI(command["baseUrl"]), Net::HTTPGenericRequest.new(method, !body.empty?, true, target, headers), body)
  return failure("unreadable_response", status, "The response is too long.") if text.bytesize > MAX_RESPONSE_BYTES

  parse_response(command["operation"], status, text)
rescue SystemCallError, IOError, Timeout::Error, Net::ProtocolError, Net::HTTPBadResponse, Net::HTTPHeaderSyntaxError => e
  failure("no_response", nil, "No response; the outcome is unknown: #{e.class}")
end

def send_request(url, request, body)
  # Without a proxy, and without the repeats of Net::HTTP, which would send a signature twice.
  http = Net::HTTP.new(url.host, url.port, nil)
  http.max_retries = 0
  http.open_timeout = http.read_timeout = TIMEOUT_SECONDS
  request.body = body unless body.empty?
  text = "".b
  status = nil
  http.start do
    http.request(request) do |response|
      status = response.code.to_i
      response.read_body do |part|
        text << part
        return [status, text] if text.bytesize > MAX_RESPONSE_BYTES
      end
    end
  end
  [status, text]
end

def parse_response(operation, status, text)
  text = text.dup.force_encoding("UTF-8")
  envelope = text.valid_encoding? ? JSON.parse(text) : nil
  return failure("unreadable_response", status, "The response is not an envelope.") unless envelope.is_a?(Hash)
  return failure("rejected", status, envelope["message"].to_s[0, 1000]) if status != 200 || envelope["success"] != true

  data = envelope["data"]
  return failure("unreadable_response", status, "The response has no data of the expected shape.") if data.nil? || !amounts?(operation, data)

  { ok: true, data: data }
rescue JSON::ParserError
  failure("unreadable_response", status, "The response is not JSON.")
end

# Whether every amount of the operation is a plain decimal string.
def amounts?(operation, data)
  return false if operation.end_with?(".list") != data.is_a?(Array)

  (data.is_a?(Array) ? data : [data]).all? do |row|
    AMOUNTS.fetch(operation, []).all? { |name| row.is_a?(Hash) && row[name].is_a?(String) && DECIMAL.match?(row[name]) }
  end
end

def failure(kind, status, message)
  { ok: false, error: { kind: kind, status: status, message: message } }
end

def respond(command)
  case command["cmd"]
  when "hello" then { name: "ruby-stdlib", language: "ruby", version: RUBY_VERSION, roles: %w[sign verify webhook call], caps: %w[stages text-ids transactions] }
  when "sign" then sign(command)
  when "verify" then verdict(reject(command))
  when "verify-webhook" then verdict(reject_webhook(command))
  when "call" then call(command)
  when "stop" then {}
  end
end

$stdout.sync = true
$stdin.set_encoding("UTF-8")
$stdin.each_line do |line|
  command = JSON.parse(line)
  begin
    response = respond(command)
  rescue StandardError => e # Reported to the suite, and the next command still gets a response.
    response = { error: e.class.name }
  end
  $stdout.puts(JSON.generate({ id: command["id"], **response }))
  break if command["cmd"] == "stop"
end
