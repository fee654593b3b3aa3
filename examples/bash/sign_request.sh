# Signs requests with openssl. Source this file, then: sign_request METHOD TARGET <BODY
# Prints the three headers, one a line, for `curl --header @-`. TARGET is the path with its query, as it is sent.
# The defaults are the sandbox and its published demo key.
# openssl takes the secret as an argument, which other users of the machine can see while it runs.
: "${CPG_BASE_URL:=http://127.0.0.1:8787}"
: "${CPG_KEY_ID:=ck_demo_full}"
: "${CPG_SECRET:=cpg-demo-full-DO-NOT-USE-IN-PRODUCTION}"

sign_request() {
  local method target=$2 timestamp=${3:-$(date +%s)} path query='' body_hash secret_hex signature
  method=$(printf '%s' "$1" | tr '[:lower:]' '[:upper:]')
  path=${target%%\?*}
  case $target in *\?*) query=${target#*\?} ;; esac

  body_hash=$(openssl dgst -sha256 -r | cut -d ' ' -f 1)
  secret_hex=$(printf '%s' "$CPG_SECRET" | od -An -v -tx1 | tr -d ' \n')
  signature=$(printf '%s\n%s\n%s\n%s\n%s' "$timestamp" "$method" "$path" "$query" "$body_hash" |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$secret_hex" -r | cut -d ' ' -f 1)

  printf 'X-CPG-Key: %s\nX-CPG-Timestamp: %s\nX-CPG-Signature: %s\n' "$CPG_KEY_ID" "$timestamp" "$signature"
}
