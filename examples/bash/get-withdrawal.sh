#!/usr/bin/env bash
# Get a withdrawal: GET /v1/withdrawals/{withdrawal_id}.
set -euo pipefail
source "$(dirname "$0")/sign_request.sh"

target='/v1/withdrawals/1001'

sign_request GET "$target" </dev/null |
  curl --silent --show-error --path-as-is --header @- "$CPG_BASE_URL$target"
