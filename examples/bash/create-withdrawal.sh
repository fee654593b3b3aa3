#!/usr/bin/env bash
# Create a withdrawal: POST /v1/withdrawals.
set -euo pipefail
source "$(dirname "$0")/sign_request.sh"

target='/v1/withdrawals'
body='{"currency":"USDT","network":"ETH","amount":"25.5","to_address":"0x52908400098527886E0F7030069857D2E4169EE7","client_reference":"payout-2026-001"}'

printf '%s' "$body" | sign_request POST "$target" |
  curl --silent --show-error --path-as-is --header @- --header 'Content-Type: application/json' \
    --data-binary "$body" "$CPG_BASE_URL$target"
