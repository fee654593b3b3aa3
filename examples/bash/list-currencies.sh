#!/usr/bin/env bash
# List currencies: GET /v1/currencies.
set -euo pipefail
source "$(dirname "$0")/sign_request.sh"

target='/v1/currencies'

sign_request GET "$target" </dev/null |
  curl --silent --show-error --path-as-is --header @- "$CPG_BASE_URL$target"
