# Signs each vector of standard input with examples/bash/sign_request.sh. The lines are described in sign-request.test.ts.
set -euo pipefail
source ../../../examples/bash/sign_request.sh
while read -r secret timestamp method target body; do
  CPG_SECRET=$(printf '%s' "$secret" | openssl base64 -d -A && printf x)
  CPG_SECRET=${CPG_SECRET%x} # $(…) would drop line feeds at the end
  target=$(printf '%s' "$target" | openssl base64 -d -A)
  sign_request "$method" "$target" "$timestamp" <"$body" | sed -n 's/^X-CPG-Signature: //p'
done
