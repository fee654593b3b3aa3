#!/usr/bin/env bash
# Request a deposit address: POST /v1/deposit-addresses.
set -euo pipefail
source "$(dirname "$0")/sign_request.sh"

target='/v1/deposit-addresses'
body='{"currency":"USDT","network":"ETH","user_identifier":"user-42","idempotency_key":"topup-2026-001"}'

printf '%s' "$body" | sign_request POST "$target" |
  curl --silent --show-error --path-as-is --header @- --header 'Content-Type: application/json' \
    --data-binary "$body" "$CPG_BASE_URL$target"
