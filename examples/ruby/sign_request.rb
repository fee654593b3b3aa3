# Signs requests with the standard library.
require "openssl"

# The three headers. `target` is the path with its query: it and `body` are exactly what is sent.
def sign_request(key_id:, secret:, method:, target:, body: "", timestamp: Time.now.to_i.to_s)
  path, query = target.split("?", 2)
  body_hash = OpenSSL::Digest::SHA256.hexdigest(body)
  canonical = [timestamp, method.upcase, path, query || "", body_hash].join("\n")
  signature = OpenSSL::HMAC.hexdigest("SHA256", secret, canonical)
  { "X-CPG-Key" => key_id, "X-CPG-Timestamp" => timestamp, "X-CPG-Signature" => signature }
end
