# Signs each vector of standard input with examples/ruby/sign_request.rb. The lines are described in sign-request.test.ts.
require "base64"
require_relative "../../../examples/ruby/sign_request"

$stdin.each_line(chomp: true) do |line|
  secret, timestamp, method, target, body = line.split(" ")
  headers = sign_request(
    key_id: "ck_example",
    secret: Base64.decode64(secret),
    method: method,
    target: Base64.decode64(target),
    body: File.binread(body),
    timestamp: timestamp,
  )
  puts headers["X-CPG-Signature"]
end
