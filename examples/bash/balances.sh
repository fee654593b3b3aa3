#!/usr/bin/env bash
# Reads the USDT balance on ETH: signed with openssl, sent with curl.
# The defaults are the reference gateway and its published demo key.
# openssl takes the secret as an argument, which other users of the machine can see while it runs.
set -euo pipefail

base_url=${CPG_BASE_URL:-http://127.0.0.1:8787}
key_id=${CPG_KEY_ID:-ck_demo_full}
secret=${CPG_SECRET:-cpg-demo-full-DO-NOT-USE-IN-PRODUCTION}

timestamp=$(date +%s)
path=/v1/balances
query='currency=USDT&network=ETH' # sign exactly the query that is sent
body=''

body_hash=$(printf '%s' "$body" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
signature=$(printf '%s\nGET\n%s\n%s\n%s' "$timestamp" "$path" "$query" "$body_hash" |
  openssl dgst -sha256 -hmac "$secret" -r | cut -d ' ' -f 1)

response=$(curl --silent --show-error --path-as-is "$base_url$path?$query" \
  --header "X-CPG-Key: $key_id" \
  --header "X-CPG-Timestamp: $timestamp" \
  --header "X-CPG-Signature: $signature")

case $response in
  '{"success":true,'*) sed -E 's/.*"available":"([^"]*)".*/available \1/' <<<"$response" ;;
  *) echo "rejected: $response" >&2 && exit 1 ;;
esac
