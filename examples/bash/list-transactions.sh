#!/usr/bin/env bash
# List transactions: GET /v1/transactions.
set -euo pipefail
source "$(dirname "$0")/sign_request.sh"

target='/v1/transactions?direction=withdrawal&limit=20'

sign_request GET "$target" </dev/null |
  curl --silent --show-error --path-as-is --header @- "$CPG_BASE_URL$target"
