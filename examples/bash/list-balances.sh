#!/usr/bin/env bash
# List balances: GET /v1/balances.
set -euo pipefail
source "$(dirname "$0")/sign_request.sh"

target='/v1/balances?currency=USDT&network=ETH'

sign_request GET "$target" </dev/null |
  curl --silent --show-error --path-as-is --header @- "$CPG_BASE_URL$target"
