#!/usr/bin/env bash
# Get the hot wallet address of a network: GET /v1/hot-wallet-address.
set -euo pipefail
source "$(dirname "$0")/sign_request.sh"

target='/v1/hot-wallet-address?network=ETH'

sign_request GET "$target" </dev/null |
  curl --silent --show-error --path-as-is --header @- "$CPG_BASE_URL$target"
