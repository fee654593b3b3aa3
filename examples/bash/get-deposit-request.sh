#!/usr/bin/env bash
# Get a deposit request: GET /v1/deposit-requests/{request_id}.
set -euo pipefail
source "$(dirname "$0")/sign_request.sh"

target='/v1/deposit-requests/5001'

sign_request GET "$target" </dev/null |
  curl --silent --show-error --path-as-is --header @- "$CPG_BASE_URL$target"
